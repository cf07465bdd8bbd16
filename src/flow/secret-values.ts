import type { DeclaredParameters } from './declared-parameters.ts';

/**
 * The texts by which the values of secret parameters would show in a log: every string and number in them.
 *
 * @example
 * secretValues(parameters, { token: 'abc', account: { user: 'ada', key: 17 } }); // ['abc', 'ada', '17']
 */
export function secretValues(
  parameters: DeclaredParameters,
  values: Readonly<Record<string, unknown>>,
): readonly string[] {
  const secrets = [...parameters].filter(([, { secret }]) => secret).flatMap(([name]) => [...textsIn(values[name])]);
  return [...new Set(secrets)];
}

/** The values without those of secret parameters: what may be kept. */
export function withoutSecrets(
  parameters: DeclaredParameters,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => parameters.get(name)?.secret !== true));
}

function* textsIn(value: unknown, seen = new Set<object>()): Generator<string> {
  if (typeof value === 'string') yield value;
  if (typeof value === 'number' || typeof value === 'bigint') yield String(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return;
  seen.add(value); // a schema may make a circle
  if (value instanceof Date || value instanceof URL) yield* textsIn(value.toJSON());
  else
    for (const part of value instanceof Map || value instanceof Set ? value : Object.values(value))
      yield* textsIn(part, seen);
}
