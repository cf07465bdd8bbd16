import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openHome } from '../../src/client/home.ts';
import { databaseFile, logTimesFile } from '../../src/store/home-folder.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { many, MANY_MS } from './many.ts';
import { readEverything } from './read-everything.ts';
import { CANARY, makePipe, writtenHome } from './written-home.ts';

type Hostile = string | number | bigint | Uint8Array | null;

const HOSTILE: readonly Hostile[] = [
  '../../x',
  '../../../x',
  '..',
  '/etc/passwd',
  'a\0b',
  '',
  '-rf',
  "'; DROP TABLE run; --",
  '\u001B[2J\u001B]0;title\u0007',
  'x'.repeat(100_000),
  'TrainFlow/1/start/1',
  'TrainFlow/2/start/3',
  'TrainFlow/../../x',
  '1',
  'running',
  'successful',
  'failed',
  '{',
  '{}',
  '[]',
  'null',
  '1e999',
  '["../../x"]',
  '[["../../x"]]',
  '{"kind":"task"}',
  '{"kind":"__proto__"}',
  '{"kind":"constructor","type":"toString"}',
  '{"__proto__":{"polluted":true}}',
  '[{"__proto__":1},2]',
  '[{"split":"1","slot":1e9,"count":1e9,"name":"../x","item":"["}]',
  '{"host":"elsewhere","bootId":"b","pid":"../../x","startTime":"1"}',
  '{"type":"run-finished","pathspec":"x","state":{"status":"failed"}}',
  '['.repeat(100_000),
  `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  -1,
  1.5,
  2 ** 52,
  9223372036854775807n,
  -9223372036854775808n,
  new Uint8Array([0xff, 0xfe, 0]),
  null,
];

/** What `readEverything` looks for in vain in a home that nobody has touched: the artifact of an end task that a spin does not have. */
const UNTOUCHED_REFUSALS = 1;

test(
  'a database that holds anything in any column is read to a clear error or a harmless value, and leads nowhere',
  async () => {
    using written = writtenHome();
    const columns: [string, string][] = [];
    written.change((database) => {
      const tables = database.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
      for (const table of tables.map(({ name }) => String(name))) {
        for (const { name } of database.prepare(`PRAGMA table_info(${table})`).all())
          columns.push([table, String(name)]);
      }
    });
    expect(columns.length).toBeGreaterThan(60);
    const before = written.beside();
    expect((await readEverything(written.home)).refusals).toBe(UNTOUCHED_REFUSALS);
    let refused = 0;
    for (const [table, column] of columns) {
      /** Whether a row could be made so: all that can are, of a key it may be the first alone, and some keys take integers only. */
      const put = (value: Hostile): boolean => {
        let changed = 0;
        try {
          written.change((database) => {
            changed = Number(database.prepare(`UPDATE OR IGNORE ${table} SET ${column} = ?`).run(value).changes);
          });
        } catch (error) {
          expect(String(error)).toMatch(/datatype mismatch/);
        }
        return changed > 0;
      };
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...HOSTILE), async (value) => {
          written.restore();
          fc.pre(put(value)); // else another value; a column that takes none fails
          const reading = await readEverything(written.home);
          expect(reading.strange, `${table}.${column}`).toStrictEqual([]);
          expect(reading.text.includes(CANARY)).toBe(false);
          expect(reading.text.includes('root:')).toBe(false);
          if (reading.refusals > UNTOUCHED_REFUSALS) refused += 1;
        }),
        many(1),
      );
    }
    expect(refused).toBeGreaterThan(20);
    expect(written.beside()).toStrictEqual(before);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  },
  MANY_MS,
);

test.each([
  ['trigger', `CREATE TRIGGER harm AFTER INSERT ON tag BEGIN DELETE FROM run; END`],
  ['view', `CREATE VIEW harm AS SELECT 1`],
  ['table', `CREATE VIRTUAL TABLE harm USING fts5 (text)`],
])('a database with a %s that raceway did not make is refused, and nothing of it is executed', async (kind, sql) => {
  using written = writtenHome();
  written.change((database) => database.exec(sql));
  for (const access of ['read', 'write'] as const) {
    expect(() => openSqliteStore(written.home, { access })).toThrow(
      new RegExp(
        `cannot open the database .*raceway\\.db: it has a ${kind} "harm", which raceway did not make\\nCheck`,
      ),
    );
  }
});

test.each(['', '-wal', '-shm'])(
  'a link in the place of raceway.db%s is refused, and what it leads to stays as it is',
  (end) => {
    using written = writtenHome();
    const file = `${databaseFile(written.home)}${end}`;
    const other = join(written.around, 'other');
    writeFileSync(other, '');
    rmSync(file, { force: true });
    symlinkSync(other, file);
    expect(() => openSqliteStore(written.home, { access: 'write' })).toThrow(
      /raceway\.db\S* is no file, but a link\nCheck/,
    );
    expect(readFileSync(other, 'utf8')).toBe('');
  },
);

test('a link to nowhere in the place of the database makes nothing there', () => {
  using folder = temporaryFolder();
  const home = folder.file('home');
  mkdirSync(home);
  symlinkSync(folder.file('elsewhere'), databaseFile(home));
  expect(() => openSqliteStore(home, { access: 'write' })).toThrow('is no file, but a link');
  expect(existsSync(folder.file('elsewhere'))).toBe(false);
});

test.each(['', '-wal'])('a pipe in the place of raceway.db%s is refused rather than waited for', (end) => {
  using written = writtenHome();
  const file = `${databaseFile(written.home)}${end}`;
  rmSync(file, { force: true });
  makePipe(file);
  for (const access of ['read', 'write'] as const) {
    expect(() => openSqliteStore(written.home, { access })).toThrow(/raceway\.db\S* is no file\nCheck/);
  }
});

test('a device or a folder in the place of the database is refused', () => {
  using folder = temporaryFolder();
  symlinkSync('/dev/zero', folder.file('raceway.db'));
  expect(() => openSqliteStore(folder.path, { access: 'read' })).toThrow('is no file');
  rmSync(folder.file('raceway.db'));
  mkdirSync(folder.file('raceway.db'));
  expect(() => openSqliteStore(folder.path, { access: 'write' })).toThrow('is no file');
});

test('a rollback journal beside the database is not played back', () => {
  using written = writtenHome();
  writeFileSync(`${databaseFile(written.home)}-journal`, 'whatever');
  expect(() => openSqliteStore(written.home, { access: 'write' })).toThrow(
    /there is .*raceway\.db-journal, which raceway does not make/,
  );
  expect(readFileSync(`${databaseFile(written.home)}-journal`, 'utf8')).toBe('whatever');
});

test('the database of another program is refused and left as it is', () => {
  using folder = temporaryFolder();
  const file = folder.file('raceway.db');
  const other = new DatabaseSync(file);
  other.exec('CREATE TABLE cookie (name TEXT)');
  other.close();
  const before = readFileSync(file);
  expect(() => openSqliteStore(folder.path, { access: 'write' })).toThrow('it is no database of raceway');
  expect(readFileSync(file).equals(before)).toBe(true);
});

test.each([
  ['the log', ({ log }: { log: string }) => log],
  ['the times of a log', ({ log }: { log: string }) => logTimesFile(log)],
  ['the folder of logs', ({ log }: { log: string }) => dirname(dirname(log))],
])('%s that is a link is not followed', async (_, place) => {
  using written = writtenHome();
  const path = place(written);
  const moved = join(written.around, 'moved');
  renameSync(path, moved);
  symlinkSync(moved, path);
  await using home = await openHome(written.home);
  const task = await home.task('TrainFlow/1/start/1');
  const expected = {
    code: 'HOME',
    message: expect.stringMatching(/cannot use .*: it is a link, which raceway does not put/),
  };
  await expect(task.stdout()).rejects.toMatchObject(expected);
  await expect(Array.fromAsync(task.logLines('stdout'))).rejects.toMatchObject(expected);
});

test('an artifact that is a link, a pipe or of another size is not read', async () => {
  using written = writtenHome();
  await using home = await openHome(written.home);
  const task = await home.task('TrainFlow/1/start/1');
  const value = (): Promise<unknown> => task.load('model');
  expect(await value()).toMatchObject({ model: expect.any(Float64Array) });
  const bytes = readFileSync(written.large);
  rmSync(written.large);
  makePipe(written.large);
  await expect(value()).rejects.toThrow('it is neither a file nor a folder');
  rmSync(written.large);
  symlinkSync('/dev/zero', written.large);
  await expect(value()).rejects.toThrow('it is a link');
  rmSync(written.large);
  writeFileSync(written.large, Buffer.concat([bytes, bytes]));
  await expect(value()).rejects.toMatchObject({
    code: 'ARTIFACT',
    message: expect.stringContaining('is of another size'),
  });
});

test('a run whose id is too long for a file is not read, which is an error of raceway', async () => {
  using written = writtenHome();
  const id = 'x'.repeat(256);
  written.change((database) => database.prepare('UPDATE run SET id = ? WHERE run_key = 1').run(id));
  await using home = await openHome(written.home);
  await expect(Array.fromAsync(home.flow('TrainFlow').runs())).rejects.toMatchObject({ code: 'HOME' });
  await expect(home.task(`TrainFlow/${id}/start/1`)).rejects.toMatchObject({ code: 'PATHSPEC' });
});

test('a log that is a pipe is not waited for', async () => {
  using written = writtenHome();
  rmSync(written.log);
  makePipe(written.log);
  await using home = await openHome(written.home);
  const task = await home.task('TrainFlow/1/start/1');
  await expect(task.stdout()).rejects.toThrow('it is neither a file nor a folder');
  await expect(Array.fromAsync(task.logLines('stdout'))).rejects.toThrow('it is neither a file nor a folder');
});

test('a home that is itself a link is a home', async () => {
  using written = writtenHome();
  const link = join(written.around, 'link');
  symlinkSync(written.home, link);
  const reading = await readEverything(link);
  expect(reading.strange).toStrictEqual([]);
  expect(reading.text).toContain('another');
});
