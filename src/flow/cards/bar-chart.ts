import { type ChartNumbers, chartSeries, type ChartSeries } from './chart-series.ts';

/** Bars, one or several for each label. */
export interface BarChartComponent {
  readonly kind: 'bar-chart';
  readonly title: string | undefined;
  readonly xLabel: string | undefined;
  readonly yLabel: string | undefined;
  readonly labels: readonly string[];
  readonly series: readonly ChartSeries[];
}

/** What `barChart()` shows: `values`, or `series`. */
export interface BarChartOptions {
  readonly title?: string | undefined;
  /** Stands below the horizontal axis. */
  readonly xLabel?: string | undefined;
  /** Stands above the vertical axis. */
  readonly yLabel?: string | undefined;
  /** What the bars stand for, from left to right. */
  readonly labels: readonly (string | number)[];
  /** A number for each label; what is not finite has no bar. */
  readonly values?: ChartNumbers | undefined;
  /** Several numbers for each label, by their names. */
  readonly series?: Readonly<Record<string, ChartNumbers>> | undefined;
}

/**
 * A bar chart for a card.
 *
 * @throws {TypeError} when something else than numbers is given, or not either `values` or `series`
 * @throws {RangeError} when there are more or fewer numbers than labels
 *
 * @example
 * current.card.append(barChart({ title: 'Words', labels: ['the', 'of'], values: [120, 80] }));
 */
export function barChart({ title, xLabel, yLabel, labels, values, series }: BarChartOptions): BarChartComponent {
  const all = chartSeries('barChart', { single: values, series });
  for (const { name, values: numbers } of all) {
    if (numbers.length === labels.length) continue;
    throw new RangeError(
      `barChart() was given ${labels.length} labels and ${numbers.length} values${name === undefined ? '' : ` of ${name}`}\n` +
        'Give a number for each label; NaN where there is none.',
    );
  }
  return { kind: 'bar-chart', title, xLabel, yLabel, labels: labels.map(String), series: all };
}
