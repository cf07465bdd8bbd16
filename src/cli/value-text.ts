import { inspect } from 'node:util';

/** A stored value for people, cut after `limit` characters. */
export function valueText(value: unknown, limit = 100): string {
  const text = inspect(value, { depth: 4, breakLength: Infinity, maxArrayLength: limit, maxStringLength: limit });
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
