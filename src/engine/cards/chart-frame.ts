import type { CardText } from './card-text.ts';
import type { ChartScale } from './chart-scale.ts';

/** The size of every chart; it shrinks with the page. */
const WIDTH = 640;
const HEIGHT = 280;

const CHARACTER_WIDTH = 7;
const COLOURS = 8;

/** Where the values of a chart go, in its own coordinates. */
export interface PlotArea {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** A text below the horizontal axis. */
export interface AxisLabel {
  /** From the left, 0 to 1. */
  readonly place: number;
  readonly text: string;
}

/** What a chart has around its values. */
export interface ChartFrame {
  readonly title: string | undefined;
  readonly xLabel: string | undefined;
  readonly yLabel: string | undefined;
  readonly names: readonly (string | undefined)[];
  readonly y: ChartScale;
  readonly xLabels: readonly AxisLabel[];
  /** For those who cannot see it. */
  readonly summary: string;
}

/** A chart as a figure: the frame, and in it what `draw` makes; it makes nothing when there is nothing to show. */
export function chartFigure(
  { title, xLabel, yLabel, names, y, xLabels, summary }: ChartFrame,
  { text, draw }: { text: CardText; draw: (area: PlotArea) => string },
): string {
  const yLabels = y.ticks.map((tick) => y.label(tick));
  const area: PlotArea = {
    left: 14 + CHARACTER_WIDTH * Math.max(...yLabels.map(({ length }) => length)),
    right: WIDTH - 14,
    top: yLabel === undefined ? 12 : 30,
    bottom: HEIGHT - (xLabel === undefined ? 26 : 46),
  };
  const grid = y.ticks.map((tick, index) => {
    const at = round(yOf(area, y.place(tick)));
    return (
      `<line class="grid" x1="${area.left}" x2="${area.right}" y1="${at}" y2="${at}"/>` +
      `<text class="y" x="${area.left - 8}" y="${at}">${yLabels[index]}</text>`
    );
  });
  const below = xLabels.map(
    ({ place, text: label }) =>
      `<text class="x" x="${round(xOf(area, place))}" y="${area.bottom + 17}">${text.html(label)}</text>`,
  );
  const zero = y.min < 0 && y.max > 0 ? y.place(0) : 0;
  const axis = round(yOf(area, zero));
  return [
    '<figure>',
    title === undefined ? '' : `<figcaption>${text.html(title)}</figcaption>`,
    legend(names, text),
    `<svg class="chart" role="img" viewBox="0 0 ${WIDTH} ${HEIGHT}"><title>${text.html(title ?? summary)}</title>`,
    title === undefined ? '' : `<desc>${text.html(summary)}</desc>`,
    ...grid,
    draw(area) || `<text class="x" x="${(area.left + area.right) / 2}" y="${HEIGHT / 2}">no data</text>`,
    `<line class="axis" x1="${area.left}" x2="${area.right}" y1="${axis}" y2="${axis}"/>`,
    ...below,
    yLabel === undefined ? '' : `<text class="name" x="4" y="14">${text.html(yLabel)}</text>`,
    xLabel === undefined
      ? ''
      : `<text class="x name" x="${(area.left + area.right) / 2}" y="${HEIGHT - 8}">${text.html(xLabel)}</text>`,
    '</svg></figure>',
  ].join('');
}

/** The class that gives a series its colour. */
export function seriesClass(index: number): string {
  return `s${index % COLOURS}`;
}

export function xOf({ left, right }: PlotArea, place: number): number {
  return left + (right - left) * place;
}

export function yOf({ top, bottom }: PlotArea, place: number): number {
  return bottom - (bottom - top) * place;
}

/** A coordinate, as short as it can be without a difference to be seen. */
export function round(coordinate: number): number {
  return Number(coordinate.toFixed(2));
}

/** How many characters a text may have that stands in this width. */
export function fittingCharacters(width: number): number {
  return Math.floor(width / CHARACTER_WIDTH);
}

function legend(names: readonly (string | undefined)[], text: CardText): string {
  const entries = names.flatMap((name, index) =>
    name === undefined ? [] : [`<li class="${seriesClass(index)}">${text.html(name)}</li>`],
  );
  return entries.length === 0 ? '' : `<ul class="legend">${entries.join('')}</ul>`;
}
