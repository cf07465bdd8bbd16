/** Numbers of a chart: an array or a typed array. What is no finite number, or not there, is a gap. */
export type ChartNumbers = ArrayLike<number | null | undefined>;

/** The numbers of a chart: one series, or several by their names. */
export interface ChartSeries {
  /** `undefined` for the only one. */
  readonly name: string | undefined;
  /** `NaN` is a gap. */
  readonly values: readonly number[];
}

/** @throws {TypeError} when something else than numbers is given */
export function chartSeries(
  maker: string,
  { single, series }: { single: ChartNumbers | undefined; series: Readonly<Record<string, ChartNumbers>> | undefined },
): readonly ChartSeries[] {
  if ((single === undefined) === (series === undefined)) {
    throw new TypeError(`${maker}() takes either one list of numbers or series\nGive one of the two.`);
  }
  if (single !== undefined) return [{ name: undefined, values: chartNumbers(maker, single) }];
  return Object.entries(series ?? {}).map(([name, values]) => ({ name, values: chartNumbers(maker, values) }));
}

/** @throws {TypeError} when something else than numbers is given */
export function chartNumbers(maker: string, numbers: ChartNumbers): readonly number[] {
  if (typeof numbers !== 'object' || numbers === null || typeof numbers.length !== 'number') {
    throw new TypeError(`${maker}() takes lists of numbers and was given ${typeof numbers}\nGive it an array.`);
  }
  return Array.from(numbers, (number: unknown) => {
    if (number === null || number === undefined) return NaN;
    if (typeof number === 'number') return Number.isFinite(number) ? number : NaN;
    throw new TypeError(`${maker}() takes numbers and was given a ${typeof number}\nTurn it into a number first.`);
  });
}
