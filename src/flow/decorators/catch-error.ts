import type { TaskReason } from '../../core/status.ts';
import { builtInDecorator } from '../decorator.ts';
import type { CatchPolicy } from '../step-policy.ts';
import { decoratorOptions } from './decorator-options.ts';

/** What `catchError` keeps of a failure. */
export interface CaughtError {
  /** The name of what the step threw, or what happened to its process: `TypeError`, `exit`, `signal`, `timeout`. */
  readonly name: string;
  readonly message: string;
  /** The user's own frames; empty when the step threw nothing. */
  readonly stack: string;
  /** What kind of failure it was. */
  readonly kind: TaskReason['kind'];
  /** The number of the attempt that failed last, from 0. */
  readonly attempt: number;
  readonly step: string;
}

/** Options of `catchError()`. */
export interface CatchErrorOptions {
  /** The field that gets the error, a `CaughtError`; `undefined` in it says that the task succeeded. @default none */
  readonly artifact?: string;
  /** Whether the error is printed. @default true */
  readonly printException?: boolean;
}

/**
 * Lets the flow go on when a task of the step has failed, after its retries: what it assigned is lost, what its parent left
 * (for a join: what all its inputs agree on) goes on to the next step, and the error is kept as an artifact. A foreach that fails so has no items, and its join no
 * inputs; a step that chooses by a condition cannot have it, since nothing would say where to go.
 *
 * @throws {TypeError} when an option is of the wrong type
 *
 * @example
 * failure?: CaughtError;
 * score = step([retry(), catchError({ artifact: 'failure' })], (url: string) => { … });
 */
export const catchError = builtInDecorator<CatchErrorOptions>('catchError', {
  options: (given) =>
    decoratorOptions<CatchErrorOptions>('catchError', given, {
      artifact: { kind: 'string', optional: true },
      printException: { kind: 'boolean', default: true },
    }),
  policy: (options) => ({ catchError: options as CatchPolicy }),
  around: async ({ options: { artifact }, flow }, next) => {
    // An earlier step may have left an error there, and this task has none so far.
    if (artifact !== undefined) flow[artifact] = undefined;
    await next();
  },
});
