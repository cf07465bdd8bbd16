import { parseDuration } from '../core/duration.ts';
import { InvalidOptionError } from '../core/errors.ts';

/**
 * Milliseconds from `500ms`, `90s`, `5m`, `2h` or `1d`.
 *
 * @param option its name, for the error
 * @throws {InvalidOptionError} when it is no time span
 */
export function parseTimeSpan(text: string, option: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidOptionError(
    { option, expected: 'a time span', received: text },
    `--${option} cannot be ${JSON.stringify(text)}`,
    'Give a time span: 500ms, 90s, 5m, 2h, 1d.',
  );
}
