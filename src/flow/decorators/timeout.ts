import { LONGEST_TIMER_MS } from '../../core/longest-timer.ts';
import { builtInDecorator } from '../decorator.ts';
import { decoratorOptions } from './decorator-options.ts';

/** Options of `timeout()`. */
export interface TimeoutOptions {
  /** How long an attempt may take, in milliseconds, more than 0. */
  readonly ms: number;
}

/**
 * Ends an attempt that takes too long, and everything it started; then it has failed. An attempt that reads
 * `current.signal` is warned and gets the grace of the run (5 seconds unless said otherwise) before it is ended.
 *
 * @throws {TypeError} when `ms` is no number above 0
 *
 * @example
 * train = step([timeout({ ms: 60_000 })], async () => { … });
 */
export const timeout = builtInDecorator<TimeoutOptions>('timeout', {
  options: (given) =>
    decoratorOptions<TimeoutOptions>('timeout', given, { ms: { kind: 'number', minimum: 0, above: true } }),
  policy: ({ ms }) => ({ timeoutMs: Math.min(ms, LONGEST_TIMER_MS) }),
});
