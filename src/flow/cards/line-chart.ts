import { type ChartNumbers, chartNumbers, chartSeries, type ChartSeries } from './chart-series.ts';

/** Lines over a common horizontal axis. */
export interface LineChartComponent {
  readonly kind: 'line-chart';
  readonly title: string | undefined;
  readonly xLabel: string | undefined;
  readonly yLabel: string | undefined;
  /** `undefined` counts from 0. */
  readonly x: readonly number[] | undefined;
  readonly series: readonly ChartSeries[];
}

/** What `lineChart()` shows: `y`, or `series`. */
export interface LineChartOptions {
  readonly title?: string | undefined;
  /** Stands below the horizontal axis. */
  readonly xLabel?: string | undefined;
  /** Stands above the vertical axis. */
  readonly yLabel?: string | undefined;
  /** Where each point is. @default 0, 1, 2, … */
  readonly x?: ChartNumbers | undefined;
  /** One line; it is interrupted where a number is not finite. */
  readonly y?: ChartNumbers | undefined;
  /** Several lines, by their names. */
  readonly series?: Readonly<Record<string, ChartNumbers>> | undefined;
}

/**
 * A line chart for a card.
 *
 * @throws {TypeError} when something else than numbers is given, or not either `y` or `series`
 * @throws {RangeError} when `x` is given and a line has more or fewer numbers
 *
 * @example
 * current.card.append(lineChart({ title: 'Loss', xLabel: 'epoch', series: { train, test } }));
 */
export function lineChart({ title, xLabel, yLabel, x, y, series }: LineChartOptions): LineChartComponent {
  const all = chartSeries('lineChart', { single: y, series });
  const places = x === undefined ? undefined : chartNumbers('lineChart', x);
  for (const { name, values } of all) {
    if (places === undefined || values.length === places.length) continue;
    throw new RangeError(
      `lineChart() was given ${places.length} numbers for x and ${values.length} for ${name ?? 'y'}\n` +
        'Give as many of one as of the other; NaN where there is none.',
    );
  }
  return { kind: 'line-chart', title, xLabel, yLabel, x: places, series: all };
}
