import { RacewayError } from '../core/errors.ts';
import type { Row } from './sqlite-database.ts';

/** Columns as the types they were written with; a column that holds something else means a damaged database. */

export function textColumn(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : unexpected(column, value);
}

export function numberColumn(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' ? value : unexpected(column, value);
}

export function optionalText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : textColumn(row, column);
}

export function optionalNumber(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : numberColumn(row, column);
}

export function jsonColumn(row: Row, column: string): unknown {
  const text = textColumn(row, column);
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(column, 'what is no JSON');
  }
}

export function optionalJson(row: Row, column: string): unknown {
  return row[column] === null ? undefined : jsonColumn(row, column);
}

/** `status` and `reason`, which together are a state; the reason of a success is what was caught. */
export function stateColumns(row: Row): unknown {
  const status = textColumn(row, 'status');
  if (row['reason'] === null || status === 'running') return { status };
  const reason = jsonColumn(row, 'reason');
  return status === 'successful' ? { status, caught: reason } : { status, reason };
}

function unexpected(column: string, value: unknown): never {
  throw damaged(column, value === undefined ? 'nothing' : typeof value);
}

function damaged(column: string, what: string): RacewayError {
  return new RacewayError(
    'HOME',
    `the database of the home is damaged: a column "${column}" holds ${what}`,
    'Bring back a copy of the home, or run the flow anew in another.',
  );
}
