import type { BarChartComponent } from './bar-chart.ts';
import type { ImageComponent } from './image.ts';
import type { LineChartComponent } from './line-chart.ts';
import type { MarkdownComponent } from './markdown.ts';
import type { TableComponent } from './table.ts';
import type { ValueComponent } from './value.ts';

/** One part of a card, as `markdown()` and its like make it: plain data, which becomes HTML when the task has ended. */
export type CardComponent =
  MarkdownComponent | TableComponent | ImageComponent | BarChartComponent | LineChartComponent | ValueComponent;
