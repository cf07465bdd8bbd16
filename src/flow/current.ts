import { RacewayError } from '../core/errors.ts';

/** Where a task stands in one foreach. */
export interface ForeachFrame {
  /** From 0. */
  readonly index: number;
  /** How many items there are. */
  readonly count: number;
  readonly value: unknown;
}

/** What a worker knows of the task that it is about to run. */
export interface CurrentTask {
  readonly flowName: string;
  readonly runId: string;
  readonly stepName: string;
  readonly taskId: string;
  readonly retryCount: number;
  readonly originRunId: string | undefined;
  readonly username: string;
  readonly tags: readonly string[];
  readonly index: number | undefined;
  /** The innermost last. */
  readonly foreachStack: readonly ForeachFrame[];
  /** Asked for once a step reads `current.signal`: from then on the task wants a warning before it is ended. */
  readonly signal: () => AbortSignal;
  /** Asked for once a step reads `current.tempdir`. */
  readonly tempdir: () => string;
}

let task: CurrentTask | undefined;
let findTask: () => CurrentTask | undefined = () => undefined;

/** Makes `current` ask `find` first, each time: for a process that runs several tasks at once. */
export function findTaskBy(find: () => CurrentTask | undefined): void {
  findTask = find;
}

/** Makes `current` speak of this task. */
export function enterTask(values: CurrentTask): void {
  task = values;
}

/** Makes `current` speak of no task. */
export function leaveTask(): void {
  task = undefined;
}

/** The task that is running in this process. */
class Current {
  /** The name of the flow. */
  get flowName(): string {
    return known('flowName').flowName;
  }

  /** The id of the run. */
  get runId(): string {
    return known('runId').runId;
  }

  /** The name of the step. */
  get stepName(): string {
    return known('stepName').stepName;
  }

  /** The id of the task, unique in its run. */
  get taskId(): string {
    return known('taskId').taskId;
  }

  /** How many attempts at this task came before: 0 for the first. */
  get retryCount(): number {
    return known('retryCount').retryCount;
  }

  /** `Flow/run/step/task`. */
  get pathspec(): string {
    const { flowName, runId, stepName, taskId } = known('pathspec');
    return `${flowName}/${runId}/${stepName}/${taskId}`;
  }

  /** The run that this one resumes, if it does. */
  get originRunId(): string | undefined {
    return known('originRunId').originRunId;
  }

  /** Who started the run. */
  get username(): string {
    return known('username').username;
  }

  /** The tags that the run had when it started. */
  get tags(): readonly string[] {
    return known('tags').tags;
  }

  /** The position in the innermost foreach, from 0; `undefined` outside one. */
  get index(): number | undefined {
    return known('index').index;
  }

  /** The foreach transitions that the task is inside of, the innermost last: position, number of items, and the item. */
  get foreachStack(): readonly ForeachFrame[] {
    return known('foreachStack').foreachStack;
  }

  /**
   * Aborted when the run is being stopped, or the attempt has had its time. A task that reads it is given the grace (5
   * seconds unless said otherwise) to finish by itself; one that never does is ended at once.
   */
  get signal(): AbortSignal {
    return known('signal').signal();
  }

  /** A folder for this task alone, made when first asked for and removed when the task has ended. */
  get tempdir(): string {
    return known('tempdir').tempdir();
  }
}

export type { Current };

/**
 * The task that is running: which flow, run, step and attempt this is.
 *
 * @throws {RacewayError} `FLOW_DEFINITION` from every property, outside a task
 *
 * @example
 * await fetch(url, { signal: current.signal });
 */
export const current: Current = new Current();

function known(name: keyof Current): CurrentTask {
  const found = findTask() ?? task;
  if (found !== undefined) return found;
  throw new RacewayError(
    'FLOW_DEFINITION',
    `current.${name} is not known here: no task is running in this process`,
    'Read it in the body of a step, not in a field initialiser or while the module is loaded.',
  );
}
