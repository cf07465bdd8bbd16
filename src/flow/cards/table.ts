import { showValue } from './show-value.ts';

/** Rows and columns. */
export interface TableComponent {
  readonly kind: 'table';
  readonly title: string | undefined;
  /** The headings. */
  readonly columns: readonly string[] | undefined;
  /** Numbers stand on the right. */
  readonly rows: readonly (readonly (string | number)[])[];
  /** How many rows there are besides those. */
  readonly hiddenRows: number;
}

/** Options of `table()`. */
export interface TableOptions {
  /** Stands above it. */
  readonly title?: string | undefined;
  /** Of objects, which fields are shown, in this order; of arrays, the headings. @default all fields; no headings */
  readonly columns?: readonly string[] | undefined;
  /** How many rows are shown, 0 or more; of the rest the number is told. @default 1000 */
  readonly maxRows?: number | undefined;
}

const DEFAULT_ROWS = 1000;
const CELL_LENGTH = 200;

/**
 * A table for a card.
 *
 * @param rows objects, all of them, or arrays
 * @throws {TypeError} when a row is neither, or rows of both kinds are there
 *
 * @example
 * current.card.append(table([{ model: 'small', score: 0.91 }, { model: 'large', score: 0.94 }]));
 * current.card.append(table([['small', 0.91]], { columns: ['model', 'score'] }));
 */
export function table(
  rows: Iterable<object>,
  { title, columns, maxRows = DEFAULT_ROWS }: TableOptions = {},
): TableComponent {
  const all: readonly unknown[] = [...rows];
  const wrong = all.findIndex((row) => typeof row !== 'object' || row === null);
  if (wrong !== -1) {
    throw new TypeError(
      `table() takes rows that are objects or arrays, and row ${wrong} is ${showValue(all[wrong], { maxLength: CELL_LENGTH })}\n` +
        'Write table([[1, 2], [3, 4]]) or table([{ a: 1, b: 2 }]).',
    );
  }
  const shown = all.slice(0, maxRows);
  const arrays = shown.filter((row) => Array.isArray(row));
  if (arrays.length > 0 && arrays.length < shown.length) {
    throw new TypeError('table() was given arrays and objects as rows\nGive rows of one kind.');
  }
  const common = { kind: 'table', title, hiddenRows: all.length - shown.length } as const;
  if (arrays.length > 0) {
    return { ...common, columns: columns?.map(String), rows: arrays.map((row) => row.map(toCell)) };
  }
  const records = shown as readonly Readonly<Record<string, unknown>>[];
  const names = columns?.map(String) ?? [...new Set(records.flatMap((row) => Object.keys(row)))];
  return { ...common, columns: names, rows: records.map((row) => names.map((name) => toCell(row[name]))) };
}

function toCell(cell: unknown): string | number {
  if (typeof cell === 'string' || typeof cell === 'number') return cell;
  if (cell === undefined || cell === null) return '';
  if (typeof cell === 'bigint' || typeof cell === 'boolean') return String(cell);
  if (cell instanceof Date && !Number.isNaN(cell.getTime())) return cell.toISOString();
  return showValue(cell, { maxLength: CELL_LENGTH, layout: 'line' });
}
