import { LONGEST_TIMER_MS } from '../core/longest-timer.ts';

/**
 * Calls a function when a time has passed, unless the result is disposed before.
 *
 * @param limitMs 0 or more; `Infinity` or `undefined` for no limit
 * @throws {RangeError} when it is negative or no number
 *
 * @example
 * using _limit = timeLimit(timeoutMs, () => controller.abort());
 */
export function timeLimit(limitMs: number | undefined, end: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const start = (leftMs: number): void => {
    timer =
      leftMs > LONGEST_TIMER_MS
        ? setTimeout(() => start(leftMs - LONGEST_TIMER_MS), LONGEST_TIMER_MS)
        : setTimeout(end, Math.ceil(leftMs));
  };
  if (limitMs !== undefined) {
    checkTimeLimit(limitMs);
    if (limitMs !== Infinity) start(limitMs);
  }
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** @throws {RangeError} when it is negative or no number */
export function checkTimeLimit(limitMs: number): void {
  if (limitMs >= 0) return;
  throw new RangeError(
    `a time limit is a number of milliseconds, 0 or more, not ${limitMs}\nGive Infinity, or none, for no limit.`,
  );
}
