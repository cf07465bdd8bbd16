import type { LineChartComponent } from '../../flow/cards/line-chart.ts';
import type { CardText } from './card-text.ts';
import { chartFigure, type PlotArea, round, seriesClass, xOf, yOf } from './chart-frame.ts';
import { type ChartScale, chartScale } from './chart-scale.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Up to so many points each is marked, and says its value. */
const MOST_MARKED = 60;

/** Of more points than this, only the highest and lowest of those that stand in the same place are drawn. */
const MOST_DRAWN = 2000;

/** A line chart as a figure. A line is interrupted where a number is missing. */
export function lineChartSvg(chart: LineChartComponent, text: CardText): string {
  const lines = chart.series.map(({ name, values }) => ({ name, pieces: pieces(values, chart.x) }));
  const points = lines.flatMap((line) => line.pieces.flat());
  const y = chartScale(
    points.map((point) => point.y),
    { ends: 'round' },
  );
  const x = chartScale(
    points.map((point) => point.x),
    { ends: 'exact', isWhole: chart.x === undefined },
  );
  return chartFigure(
    {
      ...chart,
      names: lines.map(({ name }) => name),
      y,
      xLabels: points.length === 0 ? [] : x.ticks.map((tick) => ({ place: x.place(tick), text: x.label(tick) })),
      summary: `Line chart, ${points.length} ${points.length === 1 ? 'point' : 'points'}`,
    },
    {
      text,
      draw: (area) =>
        lines.map((line, index) => drawLine(line, { area, x, y, text, colour: seriesClass(index) })).join(''),
    },
  );
}

/** The points between one gap and the next. */
function pieces(values: readonly number[], places: readonly number[] | undefined): readonly (readonly Point[])[] {
  const found: Point[][] = [];
  let isGap = true;
  for (const [index, y] of values.entries()) {
    const x = places === undefined ? index : (places[index] ?? NaN);
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      isGap = true;
      continue;
    }
    if (isGap) found.push([]);
    isGap = false;
    found.at(-1)?.push({ x, y });
  }
  return found;
}

function drawLine(
  { name, pieces: parts }: { name: string | undefined; pieces: readonly (readonly Point[])[] },
  { area, x, y, text, colour }: { area: PlotArea; x: ChartScale; y: ChartScale; text: CardText; colour: string },
): string {
  const count = parts.reduce((sum, part) => sum + part.length, 0);
  const at = (point: Point): Point => ({
    x: round(xOf(area, x.place(point.x))),
    y: round(yOf(area, y.place(point.y))),
  });
  return parts
    .map((part) => {
      const corners = thin(part).map((point) => at(point));
      const line =
        part.length === 1
          ? ''
          : `<polyline class="${colour}" points="${corners.map((corner) => `${corner.x},${corner.y}`).join(' ')}"/>`;
      if (part.length > 1 && count > MOST_MARKED) return line;
      const marks = part.map((point) => {
        const { x: centre, y: middle } = at(point);
        const what = `${name === undefined ? '' : `${name}, `}${point.x}: ${point.y}`;
        return `<circle class="${colour}" cx="${centre}" cy="${middle}" r="3"><title>${text.html(what)}</title></circle>`;
      });
      return line + marks.join('');
    })
    .join('');
}

function thin(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_DRAWN) return points;
  const size = Math.ceil((2 * points.length) / MOST_DRAWN);
  const kept: Point[] = [];
  for (let start = 0; start < points.length; start += size) {
    const bucket = points.slice(start, start + size);
    const ascending = bucket.toSorted((one, other) => one.y - other.y);
    const ends = new Set([ascending[0], ascending.at(-1)]);
    kept.push(...bucket.filter((point) => ends.has(point)));
  }
  return kept;
}
