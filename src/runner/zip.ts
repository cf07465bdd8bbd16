import { type Axes, readAxes } from './axes.ts';

/**
 * The first values together, then the second ones, and so on, as rows for `runner.map`. Rows are made as they are asked
 * for, and can be iterated over any number of times.
 *
 * @param axes a list of values, any iterable, for each parameter, all of the same length
 * @throws {RangeError} when the lists are not equally long
 * @throws {TypeError} when a value is no list
 *
 * @example
 * [...zip({ lr: [0.1, 0.01], depth: [3, 5] })]; // [{ lr: 0.1, depth: 3 }, { lr: 0.01, depth: 5 }]
 */
export function zip<const R extends object>(axes: Axes<R>): Iterable<R> {
  const lists = readAxes('zip', axes);
  const length = lists[0]?.[1].length ?? 0;
  if (lists.some(([, values]) => values.length !== length)) {
    const lengths = lists.map(([name, values]) => `${name} has ${values.length}`).join(', ');
    throw new RangeError(
      `zip takes lists of the same length, and was given others: ${lengths} values\n` +
        'Make them equally long; product() combines lists of any length.',
    );
  }
  return {
    *[Symbol.iterator]() {
      for (let i = 0; i < length; i++) yield Object.fromEntries(lists.map(([name, values]) => [name, values[i]])) as R;
    },
  };
}
