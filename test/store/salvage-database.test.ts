import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DatabaseView } from '../../src/store/database-view.ts';
import { databaseFile } from '../../src/store/home-folder.ts';
import { salvageDatabase, type Salvage } from '../../src/store/salvage-database.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '../../src/store/sqlite-schema.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const PAGE_BYTES = 4096;
const RUNS = 30;
const TABLES = ['run', 'tag', 'step', 'task', 'attempt', 'blob', 'artifact', 'card', 'given', 'event', 'latest_run'];
const EVENT = '{"type":"task-started","pathspec":"F/1/start/1","attempt":0,"pid":1}';

/** Makes a home of a schema, with rows in every table that were written in turns, as by runs, so that its pages are mixed. */
function makeHome(home: string, { version = SCHEMA_VERSION } = {}): void {
  const database = new DatabaseSync(databaseFile(home));
  database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA foreign_keys = OFF');
  for (const migration of MIGRATIONS.slice(0, version)) database.exec(migration);
  database.exec(`PRAGMA user_version = ${version}; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; BEGIN;
    INSERT INTO flow VALUES ('F', 1), ('G', 1)`);
  for (let run = 1; run <= RUNS; run += 1) {
    const flow = run % 2 === 0 ? 'F' : 'G';
    const hash = run.toString(16).padStart(64, 'a');
    database.exec(`INSERT INTO run (run_key, flow, id, status, created_at, user, system_tags, parameters, command, process, heartbeat_at)
        VALUES (${run}, '${flow}', '${run}', 'successful', ${run}, 'u', '[]', '[{"p":"${'p'.repeat(900)}"}]', '[]', '{"host":"h","bootId":"b","pid":1,"startTime":"1"}', 2);
      INSERT INTO tag VALUES (${run}, 'tag ${run}');
      INSERT INTO step VALUES (${run}, ${run}, 'start', 1, '${hash}');
      INSERT INTO blob VALUES ('${hash}', 900, zeroblob(900))`);
    for (let task = 1; task <= 4; task += 1) {
      const key = run * 4 + task;
      database.exec(`INSERT INTO task (task_key, run_key, step_key, id, parent_ids, created_at) VALUES (${key}, ${run}, ${run}, ${task}, '["1"]', 3);
        INSERT INTO attempt (attempt_key, task_key, number, status, started_at, pid) VALUES (${key}, ${key}, 0, 'successful', 4, 5);
        INSERT INTO artifact VALUES (${key}, 'a', '${hash}', 900, 'string');
        INSERT INTO event VALUES (${run}, ${task}, 6, '${EVENT}')`);
    }
  }
  database.exec(version >= 5 ? `INSERT INTO latest_run VALUES ('F', '${RUNS}'), ('G', '${RUNS - 1}')` : '');
  database.exec('COMMIT');
  database.close();
}

type Rows = Readonly<Record<string, readonly string[]>>;

/** Every row of every table, as text. */
function rowsOf(home: string): Rows {
  const database = new DatabaseSync(databaseFile(home));
  try {
    return Object.fromEntries(
      TABLES.map((table) => [
        table,
        database
          .prepare(`SELECT * FROM ${table}`)
          .all()
          .map((row) => JSON.stringify(row)),
      ]),
    );
  } finally {
    database.close();
  }
}

function schemaPages(home: string): readonly number[] {
  const database = new DatabaseSync(databaseFile(home));
  try {
    return database
      .prepare("SELECT pageno FROM dbstat WHERE name = 'sqlite_schema'")
      .all()
      .map(({ pageno }) => Number(pageno));
  } finally {
    database.close();
  }
}

function zeroPages(file: string, pages: readonly number[]): void {
  const bytes = readFileSync(file);
  for (const page of pages) bytes.fill(0, (page - 1) * PAGE_BYTES, page * PAGE_BYTES);
  writeFileSync(file, bytes);
}

function salvage(home: string): Salvage {
  using view = new DatabaseView(databaseFile(home));
  return salvageDatabase(home, { copy: view.file() });
}

/** What of the rows that are there now was not there, but for what is made of others: contents and latest runs. */
function madeUp(before: Rows, after: Rows): readonly string[] {
  return TABLES.filter((table) => table !== 'blob' && table !== 'latest_run').flatMap((table) =>
    (after[table] ?? []).filter((row) => before[table]?.includes(row) !== true),
  );
}

async function bringUpToDate(home: string): Promise<Rows> {
  await openSqliteStore(home, { access: 'write' }).close();
  return rowsOf(home);
}

describe('salvaging a database', () => {
  test.each([1, 2, 3, 4, 5, SCHEMA_VERSION])('of schema %i loses nothing with its list of tables', async (version) => {
    using folder = temporaryFolder();
    makeHome(folder.path, { version });
    const before = await bringUpToDate(folder.path);
    const file = databaseFile(folder.path);
    const bytes = readFileSync(file);
    const pages = schemaPages(folder.path);
    expect(pages[0]).toBe(1);
    expect(pages.length).toBeGreaterThan(1);
    for (const damaged of [[1], pages.slice(1), pages, [1, 2], [2, ...pages]]) {
      writeFileSync(file, bytes);
      zeroPages(file, damaged);
      expect(salvage(folder.path).lost, `pages ${damaged.join()}`).toStrictEqual([]);
      expect(rowsOf(folder.path)).toStrictEqual(before);
    }
  });

  test.each([3, 4])(
    'of schema %i that was not brought up to date loses nothing with the list of its tables',
    (version) => {
      using folder = temporaryFolder();
      makeHome(folder.path, { version });
      zeroPages(databaseFile(folder.path), schemaPages(folder.path).slice(1));
      expect(salvage(folder.path)).toMatchObject({
        lost: [],
        copied: { run: RUNS, tag: RUNS, step: RUNS, task: 4 * RUNS, attempt: 4 * RUNS, artifact: 4 * RUNS },
      });
    },
  );

  test.each(['NONE', 'INCREMENTAL'])('takes no list for one that was written anew, with auto-vacuum %s', (mode) => {
    using folder = temporaryFolder();
    makeHome(folder.path);
    const database = new DatabaseSync(databaseFile(folder.path));
    database.exec(`PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = ${mode}; VACUUM`);
    database.close();
    zeroPages(databaseFile(folder.path), schemaPages(folder.path));
    const { copied, lost } = salvage(folder.path);
    expect(copied).toMatchObject({ run: 0, event: 0 });
    expect(lost).toContain('run: all of it (no table could be found)');
  });

  test('of an older schema with the first page gone makes up nothing', async () => {
    for (const version of [1, 2, 3, 4]) {
      using folder = temporaryFolder();
      makeHome(folder.path, { version });
      const bytes = readFileSync(databaseFile(folder.path));
      const before = await bringUpToDate(folder.path);
      writeFileSync(databaseFile(folder.path), bytes);
      zeroPages(databaseFile(folder.path), [1]);
      salvage(folder.path);
      expect(madeUp(before, rowsOf(folder.path)), `schema ${version}`).toStrictEqual([]);
    }
  });

  test('reads the log of one whose list of tables is lost', () => {
    using folder = temporaryFolder();
    makeHome(folder.path);
    const file = databaseFile(folder.path);
    const writer = new DatabaseSync(file);
    writer.exec("UPDATE run SET user = 'of the log'");
    for (const part of ['', '-wal']) copyFileSync(file + part, `${file}-kept${part}`);
    const pages = schemaPages(folder.path);
    writer.close();
    const before = rowsOf(folder.path);
    for (const damaged of [[1], pages.slice(1), pages]) {
      for (const part of ['', '-wal']) copyFileSync(`${file}-kept${part}`, file + part);
      expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
      zeroPages(file, damaged);
      expect(salvage(folder.path).lost, `pages ${damaged.join()}`).toStrictEqual([]);
      expect(rowsOf(folder.path)).toStrictEqual(before);
    }
  });

  test.each<[number, string]>([
    [0.75, 'run'],
    [0.77, 'run'], // which ends within a page
    [0.5, 'task'],
    [0.25, 'task'],
  ])('of %d of a file reads the pages that are there, and says what is gone', (share, table) => {
    using folder = temporaryFolder();
    makeHome(folder.path);
    const before = rowsOf(folder.path);
    const file = databaseFile(folder.path);
    truncateSync(file, Math.round(statSync(file).size * share));
    const { copied, lost } = salvage(folder.path);
    const after = rowsOf(folder.path);
    expect(lost.length).toBeGreaterThan(0);
    expect(copied[table]).toBeGreaterThan(0); // of what was written last, nothing may be left
    expect(madeUp(before, after)).toStrictEqual([]);
  });

  test('makes up no row, whichever pages are zeroed', () => {
    using folder = temporaryFolder();
    makeHome(folder.path);
    const before = rowsOf(folder.path);
    const file = databaseFile(folder.path);
    const bytes = readFileSync(file);
    const page = fc.integer({ min: 1, max: bytes.byteLength / PAGE_BYTES });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(page, fc.integer({ min: 1, max: 26 })), { minLength: 1, maxLength: 4 }),
        (pages) => {
          writeFileSync(file, bytes);
          zeroPages(file, pages);
          const { lost } = salvage(folder.path);
          const after = rowsOf(folder.path);
          expect(madeUp(before, after)).toStrictEqual([]);
          if (TABLES.some((table) => after[table]?.length !== before[table]?.length))
            expect(lost).not.toStrictEqual([]);
          for (const name of readdirSync(folder.path)) if (name.includes('damaged')) rmSync(folder.file(name));
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);
});
