import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, linkSync, lstatSync, openSync, renameSync, rmSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { artifactFile, newDamagedName, databaseFile } from './home-folder.ts';
import { isRefusedRow } from './database-error.ts';
import { openDamaged } from './open-damaged.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { mendRow, NO_PROCESS, type Values } from './column-shapes.ts';
import { isSha256, isText } from './record-shapes.ts';
import { column } from './sqlite-row.ts';
import { SCHEMA_VERSION } from './sqlite-schema.ts';

/** What became of a damaged database. */
export interface Salvage {
  /** Where the damaged one is now. */
  readonly putAside: string;
  /** How many rows were copied, by table. */
  readonly copied: Readonly<Record<string, number>>;
  /** What was lost, one thing a line; empty when everything could be read. */
  readonly lost: readonly string[];
}

/** A table, and how its rows are found when not all of it can be read. */
interface Table {
  readonly name: string;
  /** The key that counts its rows; one that has neither that nor `of` is read from its beginning, as far as possible. */
  readonly key?: string;
  /** The column that says which row of another table a row belongs to. */
  readonly of?: { readonly column: string; readonly table: string };
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

/** A table of the new database, as it is filled. */
class TableCopy {
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

/** Runs that were not read, as far as their events tell of them: what they left would be nobody's otherwise. */
function restoreRuns(target: SqliteDatabase, lost: string[]): void {
  const told = target.all(
    `SELECT run_key, substr(pathspec, 1, instr(pathspec, '/') - 1) AS flow, substr(pathspec, instr(pathspec, '/') + 1) AS id,
       COALESCE(ended ->> '$.state.status', 'failed') AS status,
       IIF(ended IS NULL, '{"kind":"lost"}', ended -> '$.state.reason') AS reason,
       begun_at AS created_at, last_at AS finished_at, '' AS user, '[]' AS system_tags, '[{}]' AS parameters,
       '[]' AS command, '${NO_PROCESS}' AS process, last_at AS heartbeat_at
     FROM (
       SELECT run_key, MAX(IIF(event ->> 'type' = 'run-started', event ->> 'pathspec', NULL)) AS pathspec,
         MAX(IIF(event ->> 'type' = 'run-finished', event, NULL)) AS ended, MIN(at) AS begun_at, MAX(at) AS last_at
       FROM event WHERE run_key NOT IN (SELECT run_key FROM run) GROUP BY run_key)
     WHERE pathspec IS NOT NULL`,
  );
  const copy = new TableCopy(target, { name: 'run' });
  for (const row of told) copy.add(row);
  if (copy.count > 0)
    lost.push(`run: user, parameters, command and tags of ${copy.count} that only their events tell of`);
}

/** How runs and attempts ended of which that was not read, as far as their events tell. */
function restoreStates(target: SqliteDatabase): void {
  target.run(
    `UPDATE run SET status = event ->> '$.state.status', reason = event -> '$.state.reason'
     FROM event
     WHERE event.run_key = run.run_key AND event ->> 'type' = 'run-finished' AND run.reason ->> 'kind' = 'lost'`,
  );
  target.run(
    `UPDATE attempt SET status = IIF(event ->> 'type' = 'task-failed', 'failed', 'successful'),
       reason = COALESCE(event -> '$.reason', event -> '$.caught')
     FROM task JOIN event USING (run_key)
     WHERE task.task_key = attempt.task_key AND attempt.reason ->> 'kind' = 'lost'
       AND event ->> 'type' IN ('task-failed', 'task-succeeded') AND event ->> 'attempt' = attempt.number
       AND event ->> 'pathspec' LIKE '%/' || task.id`,
  );
}

/** Times that were not read: from the events, else from what the thing belongs to. */
function restoreTimes(target: SqliteDatabase): void {
  target.run(
    `UPDATE run SET created_at = COALESCE((SELECT MIN(at) FROM event WHERE event.run_key = run.run_key), ?)
     WHERE created_at = 0`,
    Date.now(),
  );
  for (const sql of [
    `UPDATE run SET heartbeat_at = COALESCE((SELECT MAX(at) FROM event WHERE event.run_key = run.run_key), created_at)
     WHERE heartbeat_at = 0`,
    `UPDATE run SET finished_at = IIF(status = 'running', NULL, heartbeat_at) WHERE finished_at = 0`,
    `UPDATE step SET created_at = run.created_at FROM run WHERE run.run_key = step.run_key AND step.created_at = 0`,
    `UPDATE task SET created_at = run.created_at FROM run WHERE run.run_key = task.run_key AND task.created_at = 0`,
    `UPDATE attempt SET started_at = task.created_at FROM task WHERE task.task_key = attempt.task_key AND started_at = 0`,
    `UPDATE attempt SET finished_at = IIF(status = 'running', NULL, started_at) WHERE finished_at = 0`,
  ]) {
    target.run(sql);
  }
}

/** How large contents are that are named in several places, one of which was not read. */
function restoreSizes(target: SqliteDatabase): void {
  target.run(
    `UPDATE blob SET size_bytes = COALESCE(LENGTH(bytes), (
       SELECT MAX(size_bytes) FROM (SELECT sha256, size_bytes FROM artifact UNION ALL SELECT sha256, size_bytes FROM card) AS named
       WHERE named.sha256 = blob.sha256), 0)
     WHERE size_bytes = 0`,
  );
  for (const table of ['artifact', 'card']) {
    target.run(
      `UPDATE ${table} SET size_bytes = blob.size_bytes FROM blob WHERE blob.sha256 = ${table}.sha256 AND ${table}.size_bytes = 0`,
    );
  }
}

/** Contents that are named and were not read: a file is there all the same, and of others the name at least is kept. */
function restoreContents(target: SqliteDatabase, { home, lost }: { home: string; lost: string[] }): void {
  const missing = target.all(
    `SELECT sha256, size_bytes FROM (SELECT sha256, size_bytes FROM artifact UNION SELECT sha256, size_bytes FROM card)
     WHERE sha256 NOT IN (SELECT sha256 FROM blob)`,
  );
  let gone = 0;
  for (const { sha256 = null, size_bytes: sizeBytes = null } of missing) {
    target.run('INSERT OR IGNORE INTO blob (sha256, size_bytes) VALUES (?, ?)', sha256, sizeBytes);
    const isThere =
      isSha256(sha256) && lstatSync(artifactFile(home, sha256), { throwIfNoEntry: false })?.size === sizeBytes;
    if (!isThere) gone += 1;
  }
  if (gone > 0) lost.push(`contents: ${gone} of artifacts or cards`);
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
