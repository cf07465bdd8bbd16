import { type Axes, readAxes } from './axes.ts';

/**
 * Every combination of the values, as rows for `runner.map`. The last name changes fastest. Rows are made as they are asked
 * for, and can be iterated over any number of times. One empty list makes no rows at all.
 *
 * @param axes a list of values, any iterable, for each parameter
 * @throws {TypeError} when a value is no list
 *
 * @example
 * [...product({ lr: [0.1, 0.01], depth: [3, 5] })];
 * // [{ lr: 0.1, depth: 3 }, { lr: 0.1, depth: 5 }, { lr: 0.01, depth: 3 }, { lr: 0.01, depth: 5 }]
 */
export function product<const R extends object>(axes: Axes<R>): Iterable<R> {
  const lists = readAxes('product', axes);
  return { [Symbol.iterator]: () => combinations(lists, []) as Iterator<R, undefined> };
}

function* combinations(
  [first, ...others]: readonly (readonly [string, readonly unknown[]])[],
  chosen: readonly (readonly [string, unknown])[],
): Generator<object, undefined> {
  if (first === undefined) {
    yield Object.fromEntries(chosen);
    return;
  }
  const [name, values] = first;
  for (const value of values) yield* combinations(others, [...chosen, [name, value]]);
}
