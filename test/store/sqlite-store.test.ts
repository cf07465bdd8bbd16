import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { prepareBlob } from '../../src/store/artifact-files.ts';
import { artifactFile, databaseFile, locateHome, makeHome } from '../../src/store/home-folder.ts';
import type { RunStore } from '../../src/store/run-store.ts';
import { MIGRATIONS } from '../../src/store/sqlite-schema.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { describeRunStore, type StoreUnderTest } from './conformance.ts';

describeRunStore('SQLite', (): StoreUnderTest => {
  const folder = temporaryFolder();
  const stores: RunStore[] = [];
  return {
    open() {
      const store = openSqliteStore(folder.path, { access: 'write' });
      stores.push(store);
      return store;
    },
    prepare: (bytes) => prepareBlob(folder.path, [bytes]),
    async [Symbol.asyncDispose]() {
      await Promise.all(stores.map((store) => store.close()));
      folder[Symbol.dispose]();
    },
  };
});

test('a home and all that is in it are private to their user', async () => {
  using folder = temporaryFolder();
  const home = folder.file('home');
  await using store = openSqliteStore(home, { access: 'write' });
  await store.createRun(run);
  const { sha256 } = prepareBlob(home, [Buffer.alloc(100_000)]);
  expect(statSync(home).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(home).filter((entry) => entry.startsWith('raceway.db'))) {
    expect(statSync(`${home}/${name}`).mode & 0o077).toBe(0);
  }
  expect(statSync(artifactFile(home, sha256)).mode & 0o777).toBe(0o600);
});

test('equal content is one file', () => {
  using folder = temporaryFolder();
  const first = prepareBlob(folder.path, [Buffer.alloc(50_000), Buffer.alloc(50_000)]);
  const written = statSync(artifactFile(folder.path, first.sha256)).ino;
  expect(prepareBlob(folder.path, [Buffer.alloc(100_000)])).toStrictEqual(first);
  expect(statSync(artifactFile(folder.path, first.sha256)).ino).toBe(written);
  expect(readdirSync(`${folder.path}/artifacts/${first.sha256.slice(0, 2)}`)).toHaveLength(1);
});

test('an artifact file that was cut short is whole again once the same content is stored', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const blob = prepareBlob(folder.path, [Buffer.alloc(100_000, 'a')]);
  const file = artifactFile(folder.path, blob.sha256);
  truncateSync(file, 10);
  prepareBlob(folder.path, [Buffer.alloc(100_000, 'a')]);
  expect(await store.readBlob(blob)).toHaveLength(100_000);
  expect(readdirSync(dirname(file))).toHaveLength(1);
});

test('an artifact file that is gone or changed is reported, with its name', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const blob = prepareBlob(folder.path, [Buffer.alloc(100_000)]);
  const file = artifactFile(folder.path, blob.sha256);
  writeFileSync(file, readFileSync(file).fill(1, 5, 6));
  await expect(store.readBlob(blob)).rejects.toMatchObject({
    code: 'ARTIFACT',
    message: expect.stringContaining(`${file} is damaged`),
  });
  rmSync(file);
  await expect(store.readBlob(blob)).rejects.toMatchObject({
    code: 'ARTIFACT',
    message: expect.stringContaining(`cannot read the artifact file ${file}`),
  });
});

test('a home of a newer version is refused, and left as it is', async () => {
  using folder = temporaryFolder();
  await openSqliteStore(folder.path, { access: 'write' }).close();
  const database = new DatabaseSync(databaseFile(folder.path));
  database.exec('PRAGMA user_version = 99');
  database.close();
  for (const access of ['read', 'write'] as const) {
    expect(() => openSqliteStore(folder.path, { access })).toThrow(
      /written by a newer raceway \(its schema is 99, this one knows \d+\)\nUpdate raceway/,
    );
  }
});

test.each(MIGRATIONS.map((_, version) => version).slice(1))(
  'a home of schema %i is brought up to date',
  async (version) => {
    using folder = temporaryFolder();
    const database = new DatabaseSync(databaseFile(folder.path));
    database.exec('PRAGMA journal_mode = WAL');
    for (const migration of MIGRATIONS.slice(0, version)) database.exec(migration);
    database.exec(`INSERT INTO flow (name, created_at) VALUES ('Old', 1)`);
    database.exec(`PRAGMA user_version = ${version}`);
    database.close();
    await using store = openSqliteStore(folder.path, { access: 'write' });
    const writer = await store.createRun(run);
    await writer.startTask({ step: 'start', parentIds: [], frames: [], sourceSha256: 'x' }, 1);
    expect(await store.tasks('Sample', writer.runId)).toHaveLength(1);
    expect((await store.flows()).map(({ name }) => name)).toStrictEqual(['Old', 'Sample']);
  },
);

test('a file that is no database is refused, and named', () => {
  using folder = temporaryFolder();
  writeFileSync(databaseFile(folder.path), 'this is not a database, is it? '.repeat(100));
  expect(() => openSqliteStore(folder.path, { access: 'write' })).toThrow(
    /cannot open the database .*raceway\.db: file is not a database\nCheck that the file/,
  );
});

test('a home that is not there is not made by a reader', () => {
  using folder = temporaryFolder();
  const home = folder.file('none');
  expect(() => openSqliteStore(home, { access: 'read' })).toThrow(/there is no home at .*none\nRun a flow first/);
  expect(existsSync(home)).toBe(false);
});

test('a home that cannot be made says why', () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('file'), '');
  expect(() => makeHome(folder.file('file/home'))).toThrow(/cannot write to the home .*: ENOTDIR.*\nGive a folder/);
  expect(() => makeHome('/proc/home')).toThrow(/cannot write to the home \/proc\/home: ENOENT/);
});

test('the home is the one named, then the nearest up, then here', () => {
  using folder = temporaryFolder();
  expect(locateHome({ cwd: folder.path, home: undefined })).toBe(folder.file('.raceway'));
  makeHome(folder.file('.raceway'));
  makeHome(folder.file('a/b'));
  expect(locateHome({ cwd: folder.file('a/b') })).toBe(folder.file('.raceway'));
  expect(locateHome({ cwd: folder.path, home: 'other' })).toBe(folder.file('other'));
});

test('many processes that meet an empty home at once all write to it', async () => {
  using folder = temporaryFolder();
  const count = 24;
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ['test/fixtures/writes-runs.ts', folder.file('home'), '20'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  const statuses = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  expect(statuses).toStrictEqual(Array.from({ length: count }, () => 0));
  await using store = openSqliteStore(folder.file('home'), { access: 'read' });
  expect(await store.runs('Sample', {})).toHaveLength(count * 20);
});

const run = {
  flow: 'Sample',
  user: 'ada',
  userTags: [],
  systemTags: [],
  parameters: '[{}]',
  command: [],
  process: { host: 'here', bootId: 'b', pid: 1, startTime: '1' },
};
