import type { BarChartComponent } from '../../flow/cards/bar-chart.ts';
import type { CardText } from './card-text.ts';
import { chartFigure, fittingCharacters, type PlotArea, round, seriesClass, xOf, yOf } from './chart-frame.ts';
import { type ChartScale, chartScale } from './chart-scale.ts';

/** Of the width that a label has, how much its bars take. */
const FILLED = 0.8;

const LABEL_WIDTH = 90;
const CHART_WIDTH = 560;

/** A bar chart as a figure. Bars stand on zero, wherever that is. */
export function barChartSvg(chart: BarChartComponent, text: CardText): string {
  const { labels, series } = chart;
  const values = series.flatMap(({ values: numbers }) => numbers).filter((value) => Number.isFinite(value));
  const y = chartScale(values.length === 0 ? [] : [0, ...values], { ends: 'round' });
  return chartFigure(
    {
      ...chart,
      names: series.map(({ name }) => name),
      y,
      xLabels: shownLabels(labels, text),
      summary: `Bar chart, ${values.length} ${values.length === 1 ? 'bar' : 'bars'}`,
    },
    { text, draw: (area) => bars(chart, { area, y, text }) },
  );
}

function bars(
  { labels, series }: BarChartComponent,
  { area, y, text }: { area: PlotArea; y: ChartScale; text: CardText },
): string {
  const zero = yOf(area, y.place(0));
  const band = 1 / labels.length;
  const width = (band * FILLED) / series.length;
  return series
    .flatMap(({ name, values }, seriesIndex) =>
      values.map((value, index) => {
        if (!Number.isFinite(value)) return '';
        const left = xOf(area, band * (index + (1 - FILLED) / 2) + width * seriesIndex);
        const right = xOf(area, band * (index + (1 - FILLED) / 2) + width * (seriesIndex + 1));
        const end = yOf(area, y.place(value));
        const what = [labels[index], name].filter((part) => part !== undefined && part !== '').join(', ');
        return (
          `<rect class="${seriesClass(seriesIndex)}" x="${round(left)}" y="${round(Math.min(zero, end))}"` +
          ` width="${round(right - left)}" height="${round(Math.abs(end - zero))}">` +
          `<title>${text.html(`${what}: ${value}`)}</title></rect>`
        );
      }),
    )
    .join('');
}

/** As many as there is room for, each short enough. */
function shownLabels(labels: readonly string[], text: CardText): { place: number; text: string }[] {
  const every = Math.ceil((labels.length * LABEL_WIDTH) / CHART_WIDTH);
  const most = fittingCharacters((CHART_WIDTH / labels.length) * every);
  return labels.flatMap((label, index) => {
    if (index % every !== 0) return [];
    const plain = text.plain(label);
    const short = plain.length <= most ? plain : `${plain.slice(0, Math.max(1, most - 1))}…`;
    return [{ place: (index + 0.5) / labels.length, text: short }];
  });
}
