/** The task in which an error was thrown. */
export interface FailedTask {
  /** `Flow/run/step/task`. */
  readonly pathspec: string;
  readonly step: string;
  readonly id: string;
  /** The position in the innermost foreach, from 0; `undefined` outside one. */
  readonly index: number | undefined;
}

const tasks = new WeakMap<object, FailedTask>();

/**
 * The task that failed with what `runStep` or `runFlow` rejected with. Errors come out as the step threw them, with
 * nothing added, so this is where to ask.
 *
 * @returns `undefined` for what no task threw, and for a thrown value that is no object
 *
 * @example
 * const error: unknown = await runFlow(Report).catch((thrown: unknown) => thrown);
 * expect(failedTask(error)?.step).toBe('merge');
 */
export function failedTask(thrown: unknown): FailedTask | undefined {
  return isObject(thrown) ? tasks.get(thrown) : undefined;
}

/** Remembers which task threw it, for `failedTask`. */
export function noteFailure(thrown: unknown, task: FailedTask): void {
  if (isObject(thrown)) tasks.set(thrown, task);
}

function isObject(thrown: unknown): thrown is object {
  return (typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function';
}
