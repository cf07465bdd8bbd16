import type { Sample } from './sample.ts';

/** A line of a table: what was measured, how it compares, and what was hoped for. */
export interface Row {
  readonly what: string;
  readonly sample: Sample;
  /** Set against the peer: a ratio or a difference, with its unit. */
  readonly against?: { readonly sample: Sample; readonly format: Format };
  readonly aim?: Aim;
}

/** What the comparison should come to. */
interface Aim {
  readonly bound: 'at most' | 'at least';
  readonly value: number;
}

export type Format = (value: number) => string;

export const inMs: Format = (value) => `${value.toFixed(1)} ms`;
export const inSeconds: Format = (value) => `${value.toFixed(2)} s`;
export const inLines: Format = (value) => `${Math.round(value).toLocaleString('en')} lines/s`;
export const inTimes: Format = (value) => `${value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en')}×`;

/** Prints rows as a Markdown table that also reads well as it stands. Spreads are the middle half of the sample. */
export function printTable(title: string, { rows, format }: { rows: readonly Row[]; format: Format }): void {
  const cells = [
    ['', 'median', 'middle half', 'against the peer', 'aim'],
    ...rows.map(({ what, sample, against, aim }) => [
      what,
      format(sample.median),
      spread(sample, format),
      against === undefined
        ? ''
        : `${against.format(against.sample.median)} (${spread(against.sample, against.format)})`,
      against === undefined || aim === undefined ? '' : verdict(against.sample, { aim, format: against.format }),
    ]),
  ];
  const widths = (cells[0] ?? []).map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = cells;
  console.log(`\n### ${title}\n`);
  for (const row of [head, widths.map((width) => '-'.repeat(width)), ...body]) console.log(line(row));
}

function spread(sample: Sample, format: Format): string {
  return `${format(sample.quantile(0.25))} to ${format(sample.quantile(0.75))}`;
}

function verdict({ median }: Sample, { aim, format }: { aim: Aim; format: Format }): string {
  const isMet = aim.bound === 'at most' ? median <= aim.value : median >= aim.value;
  return `${aim.bound} ${format(aim.value)}: ${isMet ? 'met' : 'MISSED'}`;
}
