import { builtInDecorator } from '../decorator.ts';
import type { RetryPolicy } from '../step-policy.ts';
import { decoratorOptions } from './decorator-options.ts';

/** Options of `retry()`. */
export interface RetryOptions {
  /** Further attempts after the first, a whole number of 0 or more. @default 3 */
  readonly times?: number;
  /** Before the first further attempt, in milliseconds, 0 or more; other tasks run meanwhile. @default 0 */
  readonly delayMs?: number;
  /** What the delay is multiplied with each time, 1 or more. @default 1 */
  readonly backoff?: number;
  /**
   * `crash` tries again only when the task's process ended or took too long, since what a step throws is often no
   * accident. @default 'failure'
   */
  readonly on?: 'failure' | 'crash';
}

/**
 * Tries a task again when it failed. Every attempt starts from what its parents left, in another process, and has logs of
 * its own; `current.retryCount` tells them apart.
 *
 * @throws {TypeError} when an option is out of its range
 *
 * @example
 * fetch = step([retry({ times: 5, delayMs: 1000, backoff: 2 })], async () => { … });
 */
export const retry = builtInDecorator<RetryOptions>('retry', {
  options: (given) =>
    decoratorOptions<RetryPolicy>('retry', given, {
      times: { kind: 'integer', default: 3, minimum: 0 },
      delayMs: { kind: 'number', default: 0, minimum: 0 },
      backoff: { kind: 'number', default: 1, minimum: 1 },
      on: { kind: 'choice', default: 'failure', choices: ['failure', 'crash'] },
    }),
  policy: (options) => ({ retry: options as RetryPolicy }),
});
