import { InvalidOptionError } from './errors.ts';

/** What is thrown for an option of the wrong type. */
export function invalid(option: string, expected: string, value: unknown): InvalidOptionError {
  const received = describe(value);
  return new InvalidOptionError(
    { option, expected, received },
    `the option ${option} must be ${expected}, and was ${received}`,
    `Give ${option} as ${expected}, or leave it out.`,
  );
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
