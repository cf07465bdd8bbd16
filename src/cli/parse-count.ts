import { InvalidOptionError } from '../core/errors.ts';

/**
 * A whole number of 0 or more.
 *
 * @param option its name, for the error
 * @param how.orAll whether `all` will do as well, which is `Infinity`. @default false
 * @throws {InvalidOptionError} when it is none
 */
export function parseCount(text: string, option: string, { orAll = false }: { readonly orAll?: boolean } = {}): number {
  if (orAll && text === 'all') return Infinity;
  const all = orAll ? ' or all' : '';
  const count = /^\d{1,15}$/.test(text) ? Number(text) : undefined;
  if (count !== undefined) return count;
  throw new InvalidOptionError(
    { option, expected: `a whole number${all}`, received: text },
    `--${option} cannot be ${JSON.stringify(text)}`,
    `Give a whole number of 0 or more${orAll ? ', or all' : ''}.`,
  );
}
