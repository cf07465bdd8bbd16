import { inspect } from 'node:util';

/** A stored value as JSON can have it: what it has no word for, as a Map or a BigInt, is written as Node shows it. */
export function plainJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value, replaced) ?? 'null') as unknown;
  } catch {
    return inspect(value, { depth: 6 }); // it holds itself
  }
}

function replaced(this: unknown, _key: string, value: unknown): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || value === undefined) return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const isPlain = typeof value === 'object' && (Array.isArray(value) || isRecord(value));
  return isPlain ? value : inspect(value, { depth: 6 });
}

function isRecord(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
