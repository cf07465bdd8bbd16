/** The longest time that a timer of Node takes, in milliseconds: almost 25 days. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * A time limit as a timer takes it.
 *
 * @param timeMs 0 or more; `Infinity` for no limit
 * @throws {RangeError} when it is negative or no number
 */
export function timerDelay(timeMs: number): number {
  if (!(timeMs >= 0)) throw new RangeError(`a time limit is a number of milliseconds, 0 or more, not ${timeMs}`);
  return Math.min(Math.ceil(timeMs), LONGEST_MS);
}
