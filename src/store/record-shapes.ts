import type { RunEvent } from '../core/events.ts';
import { isPathspecPart } from '../core/pathspec.ts';
import type { ProcessIdentity } from '../core/process-identity.ts';
import type { FinalRunState, RunReason, RunStatus, TaskReason, TaskStatus } from '../core/status.ts';
import type { ExceptionRecord, FrameRecord, LogBytes, ReadsRecord, RunKind, TransitionRecord } from './run-store.ts';

/**
 * What may stand in the database, column by column: it may be damaged, or have been written by somebody else, and what is
 * read from it becomes part of paths and decides about processes. Fields that are not known are let through.
 */

/** Whether a value is a `T`. */
export type Shape<T> = (value: unknown) => value is T;

export const isText: Shape<string> = (value) => typeof value === 'string';

export const isTexts = arrayOf(isText);

/** The name of a flow or a step, or the id of a run. */
export const isName: Shape<string> = (value): value is string => isText(value) && isPathspecPart(value);

/** The id of a task: a number, as text. */
export const isTaskId: Shape<string> = (value): value is string => isText(value) && /^[1-9][0-9]{0,15}$/.test(value);

export const isTaskIds = arrayOf(isTaskId);

/** A whole number of 0 or more. */
export const isCount: Shape<number> = (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** What a `Date` can hold, in milliseconds since the epoch. */
export const isTime: Shape<number> = (value): value is number => isCount(value) && value <= 8.64e15;

export const isSha256: Shape<string> = (value): value is string => isText(value) && /^[0-9a-f]{64}$/.test(value);

/** `Flow/run/step/task`. */
export const isTaskPathspec: Shape<string> = (value): value is string =>
  isText(value) && value.split('/').length === 4 && value.split('/').every(isPathspecPart);

export const isRunKind = oneOf<RunKind>({ run: true, spin: true });

export const isRunStatus = oneOf<RunStatus>({ running: true, successful: true, failed: true, timeout: true });

export const isTaskStatus = oneOf<TaskStatus>({ running: true, successful: true, failed: true });

export const isRunReason: Shape<RunReason> = variants<RunReason, 'kind'>('kind', {
  task: { pathspec: isText, message: isText },
  exit: { exitCode: isNumber },
  signal: { signalCode: isText },
  killed: {},
  timeout: {},
  lost: {},
  unread: { message: isText },
});

export const isTaskReason: Shape<TaskReason> = variants<TaskReason, 'kind'>('kind', {
  exception: { message: isText },
  exit: { exitCode: isNumber },
  signal: { signalCode: isText },
  timeout: { timeoutMs: isNumber },
  stopped: {},
  lost: {},
});

export const isProcess = object<ProcessIdentity>({ host: isText, bootId: isText, pid: isCount, startTime: isText });

export const isFrames = arrayOf(
  object<FrameRecord>({ split: isTaskId, slot: isCount, count: isCount, name: isName, item: optional(isText) }),
);

export const isTransition = object<TransitionRecord>({
  kind: oneOf<TransitionRecord['kind']>({ linear: true, branch: true, foreach: true, switch: true }),
  steps: arrayOf(isName),
  items: optional(isTexts),
});

export const isReads = object<ReadsRecord>({ parameters: isTexts });

export const isLogBytes = object<LogBytes>({ stdout: isCount, stderr: isCount });

export const isException = object<ExceptionRecord>({ name: isText, message: isText, stack: isText });

const isFinalRunState: Shape<FinalRunState> = variants<FinalRunState, 'status'>('status', {
  successful: {},
  failed: { reason: isRunReason },
  timeout: { reason: isRunReason },
});

export const isRunEvent: Shape<RunEvent> = variants<RunEvent, 'type'>('type', {
  'run-started': { pathspec: isText, originRunId: optional(isText) },
  'task-cloned': { pathspec: isText, originPathspec: isText },
  'task-started': { pathspec: isText, attempt: isCount, pid: isCount, originPathspec: optional(isText) },
  'task-succeeded': { pathspec: isText, attempt: isCount, caught: optional(isTaskReason) },
  'task-failed': { pathspec: isText, attempt: isCount, reason: isTaskReason, isRetried: optional(isBoolean) },
  'run-finished': { pathspec: isText, state: isFinalRunState },
});

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

/** An object, its own fields only: `constructor` is a field of every object that has none. */
function object<T>(fields: Fields<T>): Shape<T> {
  const shapes = Object.entries<Shape<unknown>>(fields as Readonly<Record<string, Shape<unknown>>>);
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    shapes.every(([name, is]) => is(Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined));
}

type Fields<T> = { readonly [Name in keyof T]-?: Shape<T[Name]> };

/** One of several kinds of objects, told apart by a field. */
function variants<T, Key extends keyof T & string>(
  key: Key,
  table: { readonly [Kind in T[Key] & string]: Fields<Omit<Extract<T, { readonly [K in Key]: Kind }>, Key>> },
): Shape<T> {
  const shapes = new Map(
    Object.entries(table).map(([kind, fields]) => [kind, object(fields as Readonly<Record<string, Shape<unknown>>>)]),
  );
  return (value): value is T => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
    return shapes.get(String(Reflect.get(value, key)))?.(value) === true;
  };
}

function optional<T>(is: Shape<T>): Shape<T | undefined> {
  return (value): value is T | undefined => value === undefined || is(value);
}

function arrayOf<T>(is: Shape<T>): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every((item) => is(item));
}

function oneOf<T extends string>(known: Readonly<Record<T, true>>): Shape<T> {
  return (value): value is T => isText(value) && Object.hasOwn(known, value);
}
