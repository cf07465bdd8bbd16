import type { SQLInputValue } from 'node:sqlite';
import { mendRow, type Values } from './column-shapes.ts';
import { isRefusedRow } from './database-error.ts';
import { isText } from './record-shapes.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { column } from './sqlite-row.ts';

/** A table, and how its rows are found when not all of it can be read. */
export interface Table {
  readonly name: string;
  /** The key that counts its rows; one that has neither that nor `of` is read from its beginning, as far as possible. */
  readonly key?: string;
  /** The column that says which row of another table a row belongs to. */
  readonly of?: { readonly column: string; readonly table: string };
}

/** A table of the new database, as it is filled. */
export class TableCopy {
  readonly target: SqliteDatabase;
  readonly #table: Table;
  /** Their types, by name. */
  readonly #columns: ReadonlyMap<string, string>;
  count = 0;
  #replaced = 0;
  #refused = 0;

  constructor(target: SqliteDatabase, table: Table) {
    this.target = target;
    this.#table = table;
    this.#columns = new Map(
      target
        .all(`SELECT name, type FROM pragma_table_info('${table.name}')`)
        .map((row) => [column(row, 'name', isText), column(row, 'type', isText)]),
    );
  }

  /** What was not copied as it was. */
  get problems(): readonly (string | undefined)[] {
    return [
      this.#replaced === 0 ? undefined : `${this.#replaced} damaged values were replaced`,
      this.#refused === 0 ? undefined : `${this.#refused} rows that made no sense`,
    ];
  }

  add(row: Values): void {
    const { values, replaced, isUsable } = mendRow(this.#table.name, row);
    this.#replaced += replaced;
    const columns = [...this.#columns.keys()].filter((name) => Object.hasOwn(row, name)); // an older one has fewer
    const isTyped = columns.every((name) => isOfType(values[name] ?? null, this.#columns.get(name)));
    if (!isUsable || !isTyped) {
      this.#refused += 1;
      return;
    }
    const sql = `INSERT INTO ${this.#table.name} (${columns.join()}) VALUES (${columns.map(() => '?').join()})`;
    try {
      this.target.run(sql, ...columns.map((name) => values[name] ?? null));
      this.count += 1;
    } catch (error) {
      if (!isRefusedRow(error)) throw error; // it is the new one that cannot be written: the disk is full, for one
      this.#refused += 1;
    }
  }
}

/** Else SQLite would turn a number into a text and take it: a row of another table could become one of this. */
function isOfType(value: SQLInputValue, type: string | undefined): boolean {
  if (value === null) return true; // where it has to be something, the table says so
  if (type === 'INTEGER') return typeof value === 'number' && Number.isInteger(value);
  return type === 'TEXT' ? typeof value === 'string' : ArrayBuffer.isView(value);
}
