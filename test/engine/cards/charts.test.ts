import { describe, expect, test } from 'vitest';
import { barChartSvg } from '../../../src/engine/cards/bar-chart-svg.ts';
import { CardText } from '../../../src/engine/cards/card-text.ts';
import { chartScale } from '../../../src/engine/cards/chart-scale.ts';
import { lineChartSvg } from '../../../src/engine/cards/line-chart-svg.ts';
import { barChart, type BarChartOptions } from '../../../src/flow/cards/bar-chart.ts';
import { lineChart, type LineChartOptions } from '../../../src/flow/cards/line-chart.ts';
import { type HtmlTag, htmlTags } from '../../html-tags.ts';

const TEXT = new CardText([]);

interface Drawn {
  readonly html: string;
  readonly tags: readonly HtmlTag[];
  /** The value that a height in the chart stands for, by its two outermost labels. */
  valueAt(y: number): number;
  /** The same for the horizontal axis. */
  xAt(x: number): number;
  xLabels: readonly string[];
}

/** What a reader of the chart sees: what stands beside the axes says what the places mean. */
function read(html: string): Drawn {
  const tags = htmlTags(html);
  const labels = (axis: 'x' | 'y') =>
    [...html.matchAll(new RegExp(`<text class="${axis}" x="([^"]+)" y="([^"]+)">([^<]*)</text>`, 'g'))].map(
      ([, x, y, text = '']) => ({ at: Number(axis === 'x' ? x : y), text, value: Number(text) }),
    );
  const reader = (axis: 'x' | 'y') => {
    const [first, last] = [labels(axis).at(0), labels(axis).at(-1)];
    if (first === undefined || last === undefined) return () => NaN;
    return (place: number) => first.value + ((place - first.at) / (last.at - first.at)) * (last.value - first.value);
  };
  return { html, tags, valueAt: reader('y'), xAt: reader('x'), xLabels: labels('x').map(({ text }) => text) };
}

const bar = (options: BarChartOptions) => read(barChartSvg(barChart(options), TEXT));
const line = (options: LineChartOptions) => read(lineChartSvg(lineChart(options), TEXT));

/** Top and bottom of every bar, as values. */
function bars({ tags, valueAt }: Drawn): readonly (readonly [top: number, bottom: number])[] {
  return tags
    .filter(({ name }) => name === 'rect')
    .map(({ attributes: { y, height } }) => [
      Number(valueAt(Number(y)).toFixed(1)),
      Number(valueAt(Number(y) + Number(height)).toFixed(1)),
    ]);
}

/** The corners of every line, as values. */
function lines({ tags, xAt, valueAt }: Drawn): readonly (readonly (readonly [x: number, y: number])[])[] {
  return tags
    .filter(({ name }) => name === 'polyline')
    .map(({ attributes: { points = '' } }) =>
      points.split(' ').map((point) => {
        const [x, y] = point.split(',').map(Number);
        return [Number(xAt(x ?? NaN).toFixed(1)), Number(valueAt(y ?? NaN).toFixed(1))] as const;
      }),
    );
}

describe('a bar chart', () => {
  test('has a bar from zero to each value, also below zero', () => {
    expect(bars(bar({ labels: ['a', 'b', 'c'], values: [12, -8, 0] }))).toEqual([
      [12, 0],
      [0, -8],
      [0, 0],
    ]);
  });

  test('puts the bars of several series side by side above their label, in order', () => {
    const drawn = bar({ labels: ['a', 'b'], series: { before: [1, 2], after: [3, 4] } });
    const lefts = drawn.tags
      .filter(({ name }) => name === 'rect')
      .map(({ attributes }) => [Number(attributes['x']), attributes['class']] as const)
      .toSorted(([one], [other]) => one - other);
    expect(lefts.map(([, series]) => series)).toEqual(['s0', 's1', 's0', 's1']);
    expect(drawn.html).toContain('<li class="s0">before</li><li class="s1">after</li>');
    expect(drawn.xLabels).toEqual(['a', 'b']);
  });

  test('says what each bar stands for', () => {
    const { html } = bar({ title: 'T', labels: ['a'], series: { s: [1.5] } });
    expect(html).toContain('<title>a, s: 1.5</title>');
    expect(html).toContain('role="img" viewBox="0 0 640 280"><title>T</title><desc>Bar chart, 1 bar</desc>');
  });

  test('has no bar for what is not finite', () => {
    expect(bars(bar({ labels: ['a', 'b', 'c'], values: [NaN, 5, Infinity] }))).toEqual([[5, 0]]);
  });

  test.each([
    ['nothing', { labels: [], values: [] }],
    ['no numbers', { labels: ['a'], values: [NaN] }],
    ['no series', { labels: ['a'], series: {} }],
  ])('of %s says so', (_, options) => {
    const drawn = bar(options);
    expect(drawn.html).toContain('>no data</text>');
    expect(bars(drawn)).toEqual([]);
  });

  test('leaves out labels there is no room for, and shortens long ones', () => {
    const labels = Array.from({ length: 100 }, (_, index) => `number ${index}`);
    const { xLabels } = bar({ labels, values: labels.map(() => 1) });
    expect(xLabels.length).toBeLessThan(10);
    expect(xLabels[0]).toBe('number 0');
    expect(bar({ labels: ['a'.repeat(200), 'b'], values: [1, 2] }).xLabels[0]).toMatch(/^a{20,60}…$/);
  });

  test('shows very large and very small numbers where they belong', () => {
    const inUnits = bars(bar({ labels: ['a', 'b'], values: [2e300, -1e300] })).map((ends) =>
      ends.map((end) => Math.round(end / 1e298) / 100),
    );
    expect(inUnits).toEqual([
      [2, 0],
      [0, -1],
    ]);
    expect(bar({ labels: ['a'], values: [3e-9] }).html).toContain('>3e-9</text>');
  });

  test('shows text as text', () => {
    const evil = '</title><script>alert(1)</script>" onload="x';
    const { tags } = bar({ title: evil, xLabel: evil, yLabel: evil, labels: [evil], series: { [evil]: [1] } });
    expect(tags.map(({ name }) => name)).not.toContain('script');
    expect(tags.flatMap(({ attributes }) => Object.keys(attributes))).not.toContain('onload');
  });
});

describe('a line chart', () => {
  test('goes through the values, one step apart', () => {
    expect(lines(line({ y: [1, -2, 3] }))).toEqual([
      [
        [0, 1],
        [1, -2],
        [2, 3],
      ],
    ]);
  });

  test('goes through the values at the places that are given', () => {
    expect(lines(line({ x: [10, 20, 60], y: [0, 5, 5] }))).toEqual([
      [
        [10, 0],
        [20, 5],
        [60, 5],
      ],
    ]);
  });

  test('is interrupted where a number is missing, and marks a point that stands alone', () => {
    const drawn = line({ y: [...Array<number>(100).fill(1), NaN, 2, NaN, 3, 4] });
    expect(lines(drawn).map(({ length }) => length)).toEqual([100, 2]);
    const marks = drawn.tags.filter(({ name }) => name === 'circle');
    expect(marks.map(({ attributes }) => Math.round(drawn.xAt(Number(attributes['cx']))))).toEqual([101]);
  });

  test('of one point is a mark', () => {
    const drawn = line({ x: [5], y: [7] });
    const marks = drawn.tags.filter(({ name }) => name === 'circle');
    expect(marks.map(({ attributes: { cx, cy } }) => [drawn.xAt(Number(cx)), drawn.valueAt(Number(cy))])).toEqual([
      [expect.closeTo(5, 1), expect.closeTo(7, 1)],
    ]);
    expect(lines(drawn)).toEqual([]);
  });

  test.each([
    ['nothing', { y: [] }],
    ['no numbers', { y: [NaN, null] }],
    ['no series', { series: {} }],
  ])('of %s says so', (_, options) => {
    expect(line(options).html).toContain('>no data</text>');
  });

  test('names its lines and axes', () => {
    const { html } = line({ title: 'Loss', xLabel: 'epoch', yLabel: 'loss', series: { train: [1], test: [2] } });
    expect(html).toContain('<figcaption>Loss</figcaption>');
    expect(html).toContain('<li class="s0">train</li><li class="s1">test</li>');
    expect(html).toMatch(/>epoch<\/text>/);
    expect(html).toMatch(/>loss<\/text>/);
  });

  test('of very many points keeps the highest and the lowest, and is not large', () => {
    const y = new Float64Array(200_000);
    y[77_777] = 100;
    y[123_456] = -50;
    const drawn = line({ y });
    const [corners = []] = lines(drawn);
    expect(Math.max(...corners.map(([, value]) => value))).toBe(100);
    expect(Math.min(...corners.map(([, value]) => value))).toBe(-50);
    expect(drawn.html.length).toBeLessThan(60_000);
  });

  test('says no more than whole places when places are counted', () => {
    expect(line({ y: [1, 2, 3] }).xLabels).toEqual(['0', '1', '2']);
  });
});

describe('a scale', () => {
  test.each([
    [
      [0, 10],
      [0, 2, 4, 6, 8, 10],
    ],
    [
      [0.05, 0.31],
      [0, 0.1, 0.2, 0.3, 0.4],
    ],
    [
      [-3, 4],
      [-4, -2, 0, 2, 4],
    ],
    [
      [0, 1234],
      [0, 500, 1000, 1500],
    ],
  ])('of %j has round ticks', (values, ticks) => {
    expect(chartScale(values, { ends: 'round' }).ticks).toEqual(ticks);
  });

  test.each([
    [[0]],
    [[5, 5]],
    [[-1.7e308, 1.7e308]],
    [[Number.MAX_VALUE]],
    [[5e-324]],
    [[0, 5e-324]],
    [[1e16, 1e16 + 2]],
    [[-1e-300, 1e300]],
  ])('of %j places every value between its ends, and has ticks that differ', (values) => {
    for (const ends of ['round', 'exact'] as const) {
      const scale = chartScale(values, { ends });
      for (const value of values) {
        expect(scale.place(value)).toBeGreaterThanOrEqual(0);
        expect(scale.place(value)).toBeLessThanOrEqual(1);
      }
      expect(scale.ticks.length).toBeGreaterThan(0);
      expect(scale.ticks.length).toBeLessThan(15);
      expect(scale.ticks.every(Number.isFinite)).toBe(true);
      expect(new Set(scale.ticks).size).toBe(scale.ticks.length);
    }
  });

  test('labels ticks with as many digits as tell them apart', () => {
    const near = chartScale([100_000.01, 100_000.03], { ends: 'exact' });
    const labels = near.ticks.map((tick) => near.label(tick));
    expect(new Set(labels).size).toBe(labels.length);
    const large = chartScale([0, 4e7], { ends: 'exact' });
    expect(large.ticks.map((tick) => large.label(tick))).toEqual(['0', '1e+7', '2e+7', '3e+7', '4e+7']);
  });
});
