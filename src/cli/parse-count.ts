import { InvalidOptionError } from '../core/errors.ts';

/**
 * A whole number of 0 or more, or `all`, which is `Infinity`.
 *
 * @param option its name, for the error
 * @throws {InvalidOptionError} when it is neither
 */
export function parseCount(text: string, option: string): number {
  if (text === 'all') return Infinity;
  const count = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (count !== undefined) return count;
  throw new InvalidOptionError(
    { option, expected: 'a whole number or all', received: text },
    `--${option} cannot be ${JSON.stringify(text)}`,
    'Give a whole number of 0 or more, or all.',
  );
}
