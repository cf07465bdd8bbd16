import type { SQLInputValue } from 'node:sqlite';
import {
  isCount,
  isException,
  isFrames,
  isLogBytes,
  isName,
  isProcess,
  isReads,
  isRunEvent,
  isRunKind,
  isRunReason,
  isRunStatus,
  isSha256,
  isTaskId,
  isTaskIds,
  isTaskPathspec,
  isTaskReason,
  isTaskStatus,
  isText,
  isTexts,
  isTime,
  isTransition,
  type Shape,
} from './record-shapes.ts';

/** What may stand in a column; that it has to hold something is for the table itself to say. */
interface ColumnShape {
  readonly is: Shape<unknown>;
  /** What takes the place of something else when a damaged database is copied; without it the row is dropped. */
  readonly instead?: string | number | null;
  /** Whether SQLite may read it from an index as well as from the table. */
  readonly isIndexed?: true;
}

/** Of no machine: a run that is recorded as running with it is lost when its heartbeat is old. */
export const NO_PROCESS = '{"host":"","bootId":"","pid":0,"startTime":""}';

const LOST = '{"kind":"lost"}';

const name: ColumnShape = { is: isName };
const nameInIndex: ColumnShape = { is: isName, isIndexed: true };
const hash: ColumnShape = { is: isSha256 };
const count: ColumnShape = { is: isCount };
const text: ColumnShape = { is: isText, instead: '' };
// 0 stands for what could not be read: no content has so few bytes, and nothing happened so long ago.
const size: ColumnShape = { is: isCount, instead: 0 };
const time: ColumnShape = { is: isTime, instead: 0 };

/** By table and name: what the client reads. */
const COLUMN_SHAPES: Readonly<Record<string, Readonly<Record<string, ColumnShape>>>> = {
  flow: { name, created_at: time },
  run: {
    run_key: count,
    flow: nameInIndex,
    id: nameInIndex,
    kind: { is: isRunKind, instead: 'run' },
    status: { is: isRunStatus, instead: 'failed' },
    reason: { is: json(isRunReason), instead: null },
    created_at: time,
    finished_at: time,
    user: text,
    system_tags: { is: json(isTexts), instead: '[]' },
    origin_run_id: { is: isName, instead: null },
    parameters: { is: json(), instead: '[{}]' },
    command: { is: json(isTexts), instead: '[]' },
    process: { is: json(isProcess), instead: NO_PROCESS },
    heartbeat_at: time,
  },
  tag: { tag: { is: isText } },
  step: { name: nameInIndex, created_at: time, source_sha256: text },
  task: {
    id: { is: (value): value is number => isTaskId(String(value)) },
    parent_ids: { is: json(isTaskIds), instead: '[]' },
    origin_pathspec: { is: isTaskPathspec, instead: null },
    created_at: time,
    frames: { is: json(isFrames), instead: '[]' },
  },
  attempt: {
    number: count,
    status: { is: isTaskStatus, instead: 'failed' },
    reason: { is: json(isTaskReason), instead: null },
    started_at: time,
    finished_at: time,
    pid: { is: isCount, instead: 0 },
    exception: { is: json(isException), instead: null },
    transition: { is: json(isTransition), instead: null },
    reads: { is: json(isReads), instead: null },
    log_bytes: { is: json(isLogBytes), instead: null },
  },
  blob: { sha256: { is: isSha256, isIndexed: true }, size_bytes: size },
  artifact: { name: { is: isText }, sha256: hash, size_bytes: size, type: text },
  card: { id: { is: isText }, type: text, sha256: hash, size_bytes: size },
  given: { sha256: hash },
  event: { sequence: count, at: { is: isTime }, event: { is: json(isRunEvent) } },
  latest_run: { flow: name, id: name },
};

/** The tables with columns that have a shape. */
export const SHAPED_TABLES: readonly string[] = Object.keys(COLUMN_SHAPES);

/** The columns of a table that have one. */
export function shapedColumns(table: string): readonly string[] {
  return Object.keys(COLUMN_SHAPES[table] ?? {});
}

/** Those of them that SQLite reads from an index when nothing else is asked for: an index may be damaged by itself. */
export function indexedColumns(table: string): readonly string[] {
  return Object.entries(COLUMN_SHAPES[table] ?? {}).flatMap(([column, { isIndexed }]) => (isIndexed ? [column] : []));
}

/** The values of a row, or some of them, by column. */
export type Values = Readonly<Record<string, SQLInputValue>>;

/** A row with what may stand in it. */
export interface MendedRow {
  readonly values: Values;
  /** How many values are others now. */
  readonly replaced: number;
  /** Whether it makes sense with these. */
  readonly isUsable: boolean;
}

/** Puts something else in the place of what no row of the table may hold. */
export function mendRow(table: string, row: Values): MendedRow {
  const values = { ...row };
  let replaced = 0;
  for (const [column, { is, instead }] of Object.entries(COLUMN_SHAPES[table] ?? {})) {
    const value = values[column] ?? null;
    if (value === null || is(value)) continue;
    if (instead === undefined) return { values, replaced, isUsable: false };
    values[column] = instead;
    replaced += 1;
  }
  const { status, reason } = values;
  if (reason === null && (status === 'failed' || status === 'timeout')) {
    values['reason'] = status === 'failed' ? LOST : '{"kind":"timeout"}';
    replaced += 1;
  }
  return { values, replaced, isUsable: true };
}

/** Text that is JSON of what has the shape; without one, JSON. */
function json(is?: Shape<unknown>): Shape<string> {
  return (value): value is string => {
    if (typeof value !== 'string') return false;
    try {
      const content: unknown = JSON.parse(value);
      return is === undefined || is(content);
    } catch {
      return false;
    }
  };
}
