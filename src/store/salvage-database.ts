import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Values } from './column-shapes.ts';
import { databaseFile, newDamagedName } from './home-folder.ts';
import { openDamaged } from './open-damaged.ts';
import { restoreContents, restoreRuns, restoreSizes, restoreStates, restoreTimes } from './restore-rows.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { SCHEMA_VERSION } from './sqlite-schema.ts';
import { type Table, TableCopy } from './table-copy.ts';

/** What became of a damaged database. */
export interface Salvage {
  /** Where the damaged one is now. */
  readonly putAside: string;
  /** How many rows were copied, by table. */
  readonly copied: Readonly<Record<string, number>>;
  /** What was lost, one thing a line; empty when everything could be read. */
  readonly lost: readonly string[];
}

/** In an order in which each row finds the one that it refers to. */
const TABLES: readonly Table[] = [
  { name: 'run', key: 'run_key' },
  { name: 'tag', of: { column: 'run_key', table: 'run' } },
  { name: 'step', key: 'step_key' },
  { name: 'task', key: 'task_key' },
  { name: 'attempt', key: 'attempt_key' },
  { name: 'blob', key: 'rowid' },
  { name: 'artifact', of: { column: 'attempt_key', table: 'attempt' } },
  { name: 'card', of: { column: 'attempt_key', table: 'attempt' } },
  { name: 'given', of: { column: 'run_key', table: 'run' } },
  { name: 'event', of: { column: 'run_key', table: 'run' } },
  { name: 'latest_run' },
];

/** How many keys between those that could be read are tried one by one. */
const MAX_TRIED = 1_000_000;

/**
 * Copies what can be read of a damaged database into a new one, which takes its place; what there was stays beside it. No
 * process may have it open.
 *
 * @param options.copy a private copy of it, with its log: reading a damaged database would change it
 * @throws {RacewayError} `HOME` when the new one cannot be written; then everything is as it was
 */
export function salvageDatabase(home: string, { copy }: { copy: string }): Salvage {
  const file = databaseFile(home);
  const fresh = `${file}.${randomUUID()}`;
  let held: number | undefined;
  try {
    SqliteDatabase.open(fresh).close();
    held = openSync(fresh, 'r'); // until it is in its place, so that nobody takes it for one that was abandoned
    const result = copyReadable(home, { from: copy, to: fresh });
    const putAside = putAsideAll(home);
    renameSync(fresh, file);
    return { ...result, putAside };
  } finally {
    if (held !== undefined) closeSync(held);
    for (const part of ['', '-wal', '-shm']) rmSync(fresh + part, { force: true });
  }
}

/** Returns where it is: the database, or only its log, when that is all there is. */
function putAsideAll(home: string): string {
  const file = databaseFile(home);
  const aside = newDamagedName(home);
  if (!existsSync(file)) {
    renameSync(`${file}-wal`, aside);
    rmSync(`${file}-shm`, { force: true }); // an index of the log, made anew whenever it is needed
    return aside;
  }
  // It has both names until the new one takes its place. Its log goes first: it is not the new one's.
  linkSync(file, aside);
  for (const part of ['-wal', '-shm']) if (existsSync(file + part)) renameSync(file + part, aside + part);
  return aside;
}

function copyReadable(home: string, { from, to }: { from: string; to: string }): Omit<Salvage, 'putAside'> {
  const copied: Record<string, number> = {};
  const lost: string[] = [];
  const target = SqliteDatabase.open(to);
  try {
    target.writeUnchecked(() => {
      const source = openDamaged(from);
      for (const table of TABLES) {
        const copy = new TableCopy(target, table);
        const problem =
          source === undefined
            ? 'all of it (no table could be found)'
            : isOfLaterSchema(source, table)
              ? undefined
              : copyTable(source, { table, copy });
        copied[table.name] = copy.count;
        lost.push(
          ...[problem, ...copy.problems].filter((one) => one !== undefined).map((one) => `${table.name}: ${one}`),
        );
      }
      source?.close();
      restoreRuns(target, lost);
      restoreStates(target);
      restoreTimes(target);
      restoreSizes(target);
      target.run('INSERT OR IGNORE INTO flow (name, created_at) SELECT flow, MIN(created_at) FROM run GROUP BY flow');
      target.run(
        'INSERT OR IGNORE INTO latest_run SELECT flow, id FROM run WHERE run_key IN (SELECT MAX(run_key) FROM run GROUP BY flow)',
      );
      restoreContents(target, { home, lost });
      dropOrphans(target, lost);
    });
    target.checkpoint();
  } finally {
    target.close();
  }
  return { copied, lost };
}

/** Whether an older raceway, which wrote the database, knew no such table. */
function isOfLaterSchema(source: DatabaseSync, { name }: Table): boolean {
  try {
    const version = Number(source.prepare('PRAGMA user_version').get()?.['user_version']);
    return (
      version < SCHEMA_VERSION && source.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name) === undefined
    );
  } catch {
    return false; // it could be there all the same
  }
}

/** Returns what of the table could not be read. */
function copyTable(source: DatabaseSync, { table, copy }: { table: Table; copy: TableCopy }): string | undefined {
  const { name, key, of } = table;
  if (key !== undefined) return copyByKey(source, { name, key, copy });
  if (of !== undefined) return copyByOwner(source, { name, of, copy });
  return readWhilePossible(source, `SELECT * FROM ${name}`, (row) => copy.add(row));
}

/** From both ends up to what cannot be read, and between these one by one. */
function copyByKey(
  source: DatabaseSync,
  { name, key, copy }: { name: string; key: string; copy: TableCopy },
): string | undefined {
  const select = `SELECT ${key} AS the_key, * FROM ${name}`;
  let first = 0;
  const error = readWhilePossible(source, `${select} ORDER BY ${key}`, (row) => {
    first = Number(row['the_key']);
    copy.add(row);
  });
  if (error === undefined) return undefined;
  let last: number | undefined;
  readWhilePossible(source, `${select} WHERE ${key} > ${first} ORDER BY ${key} DESC`, (row) => {
    last = Number(row['the_key']);
    copy.add(row);
  });
  let unread = 0;
  const isTried = last !== undefined && last - first < MAX_TRIED;
  for (let tried = first + 1; isTried && tried < (last ?? 0); tried += 1) {
    const found = readWhilePossible(source, `${select} WHERE ${key} = ${tried}`, (row) => copy.add(row));
    if (found !== undefined) unread += 1;
  }
  return `${isTried ? `up to ${unread}` : 'nobody knows how many'} rows (${error})`;
}

/** All at once, or else row by row of the table that they belong to, as far as that was read. */
function copyByOwner(
  source: DatabaseSync,
  { name, of, copy }: { name: string; of: NonNullable<Table['of']>; copy: TableCopy },
): string | undefined {
  const rows: Values[] = [];
  const error = readWhilePossible(source, `SELECT * FROM ${name}`, (row) => rows.push(row)); // these rows are small
  if (error === undefined) {
    for (const row of rows) copy.add(row);
    return undefined;
  }
  let unread = 0;
  for (const owner of copy.target.all(`SELECT ${of.column} AS the_key FROM ${of.table}`)) {
    const select = `SELECT * FROM ${name} WHERE ${of.column} = ${Number(owner['the_key'])}`;
    if (readWhilePossible(source, select, (row) => copy.add(row)) !== undefined) unread += 1;
  }
  return `rows of ${unread} of the table ${of.table} (${error})`;
}

/** Returns what went wrong. */
function readWhilePossible(source: DatabaseSync, sql: string, take: (row: Values) => void): string | undefined {
  let rows: Iterator<Values> | undefined;
  for (;;) {
    let next: IteratorResult<Values>;
    try {
      rows ??= source.prepare(sql).iterate();
      next = rows.next();
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    if (next.done === true) return undefined;
    take(next.value);
  }
}

/** Rows that belong to others which were not read; taking away some may leave more. */
function dropOrphans(target: SqliteDatabase, lost: string[]): void {
  const dropped: Record<string, number> = {};
  for (const table of TABLES.filter(({ name }) => name !== 'blob' && name !== 'run')) {
    const references = target.all(`SELECT "table" AS parent, "from" AS child, "to" AS parent_column
      FROM pragma_foreign_key_list('${table.name}')`);
    for (const { parent, child, parent_column: key } of references) {
      const { changes } = target.run(
        `DELETE FROM ${table.name} WHERE ${String(child)} NOT IN (SELECT ${String(key ?? child)} FROM ${String(parent)})`,
      );
      if (changes > 0) dropped[table.name] = (dropped[table.name] ?? 0) + changes;
    }
  }
  for (const [name, count] of Object.entries(dropped)) {
    lost.push(`${name}: ${count} rows that belong to something that could not be read`);
  }
}
