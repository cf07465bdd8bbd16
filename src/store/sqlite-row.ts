import { RacewayError } from '../core/errors.ts';
import type { RunState, TaskState } from '../core/status.ts';
import { doctorCommand } from './doctor-command.ts';
import { isRunReason, isRunStatus, isTaskReason, isTaskStatus, isText, type Shape } from './record-shapes.ts';
import type { Row } from './sqlite-database.ts';

/** Columns as what they were written as; one that holds something else means a damaged or foreign database. */

/** @throws {RacewayError} `HOME` when the column holds something else */
export function column<T>(row: Row, name: string, is: Shape<T>): T {
  const value: unknown = row[name];
  return is(value) ? value : unexpected(name, value);
}

/** The same, or `undefined` where there is nothing. */
export function optionalColumn<T>(row: Row, name: string, is: Shape<T>): T | undefined {
  return row[name] === null ? undefined : column(row, name, is);
}

/** The same for a column that holds JSON. */
export function jsonColumn<T>(row: Row, name: string, is: Shape<T>): T {
  const text = column(row, name, isText);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unexpected(name, text);
  }
  return is(value) ? value : unexpected(name, text);
}

export function optionalJson<T>(row: Row, name: string, is: Shape<T>): T | undefined {
  return row[name] === null ? undefined : jsonColumn(row, name, is);
}

/** `status` and `reason`, which together are a state. */
export function runState(row: Row): RunState {
  const status = column(row, 'status', isRunStatus);
  if (status === 'running' || status === 'successful') return { status };
  return { status, reason: jsonColumn(row, 'reason', isRunReason) };
}

/** The same of a task or an attempt; the reason of a success is what was caught. */
export function taskState(row: Row): TaskState {
  const status = column(row, 'status', isTaskStatus);
  if (status === 'running') return { status };
  if (status === 'failed') return { status, reason: jsonColumn(row, 'reason', isTaskReason) };
  const caught = optionalJson(row, 'reason', isTaskReason);
  return caught === undefined ? { status } : { status, caught };
}

const SHOWN_LENGTH = 60;

function unexpected(name: string, value: unknown): never {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const shown = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  throw new ForeignValueError(`${shown} is nothing that raceway writes to the column ${name}`);
}

/** A database holds what raceway does not write. A row does not know which database it is from. */
export class ForeignValueError extends RacewayError {
  readonly what: string;

  constructor(what: string, databaseFile?: string) {
    super(
      'HOME',
      `cannot read the database ${databaseFile ?? 'of the home'}: ${what}`,
      `It is damaged, or was not written by raceway. ${
        databaseFile === undefined
          ? 'raceway doctor finds out what can be saved, with --home=<folder>.'
          : `To find out what can be saved: ${doctorCommand(databaseFile)}`
      }`,
    );
    this.what = what;
  }
}

/** A reader of rows whose errors say which database they are from, and what to do about it. */
export function rowReader<T>(databaseFile: string, read: (row: Row) => T): (row: Row) => T {
  return (row) => {
    try {
      return read(row);
    } catch (error) {
      throw error instanceof ForeignValueError ? new ForeignValueError(error.what, databaseFile) : error;
    }
  };
}
