import { invalid } from './invalid.ts';

/**
 * The value of a parameter as it is written behind `--name=`.
 *
 * @throws {InvalidOptionError} when it is neither text nor something that JSON can hold
 */
export function parameterText(name: string, value: unknown): string {
  const json = parameterJson(name, value);
  return typeof json === 'string' ? json : JSON.stringify(json);
}

/** The same as a value: a string for what is written as text, and otherwise what JSON can hold. */
export function parameterJson(name: string, value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
      return String(value);
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value); // the child says what it thinks of NaN
    case 'object':
      if (value instanceof URL || value instanceof Date) return value.toJSON();
      return checkedJson(name, value);
    default:
      throw invalid(name, 'something that can be written as text or JSON', value);
  }
}

function checkedJson(name: string, value: object | null): unknown {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    json = undefined; // a cycle, or a bigint in it
  }
  if (json === undefined) throw invalid(name, 'something that can be written as JSON', value);
  return JSON.parse(json);
}
