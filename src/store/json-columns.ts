import {
  isException,
  isFrames,
  isLogBytes,
  isProcess,
  isReads,
  isRunEvent,
  isRunReason,
  isTaskIds,
  isTaskReason,
  isTexts,
  isTransition,
  type Shape,
} from './record-shapes.ts';

/** A column that holds JSON, or nothing. */
export interface JsonColumn {
  /** What it may hold; anything when it is left out. */
  readonly is?: Shape<unknown>;
  /** What takes the place of something else when a damaged database is copied; without it the row is dropped. */
  readonly instead?: string | null;
}

/** Of no machine: a run that is recorded as running with it is lost when its heartbeat is old. */
export const NO_PROCESS = '{"host":"","bootId":"","pid":0,"startTime":""}';

/** By table and name. */
export const JSON_COLUMNS: Readonly<Record<string, Readonly<Record<string, JsonColumn>>>> = {
  run: {
    reason: { is: isRunReason, instead: null },
    system_tags: { is: isTexts, instead: '[]' },
    parameters: { instead: '[{}]' },
    command: { is: isTexts, instead: '[]' },
    process: { is: isProcess, instead: NO_PROCESS },
  },
  task: { parent_ids: { is: isTaskIds, instead: '[]' }, frames: { is: isFrames, instead: '[]' } },
  attempt: {
    reason: { is: isTaskReason, instead: '{"kind":"lost"}' },
    exception: { is: isException, instead: null },
    transition: { is: isTransition, instead: null },
    reads: { is: isReads, instead: null },
    log_bytes: { is: isLogBytes, instead: null },
  },
  event: { event: { is: isRunEvent } },
};

/** Whether a column holds what it may hold. */
export function isWhole({ is }: JsonColumn, value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value !== 'string') return false;
  try {
    const content: unknown = JSON.parse(value);
    return is === undefined || is(content);
  } catch {
    return false;
  }
}
