import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { prepareBlob } from '../../src/store/artifact-files.ts';
import { artifactFile, databaseFile, locateHome, makeHome } from '../../src/store/home-folder.ts';
import type { NewBlob, RunEnd, RunStore } from '../../src/store/run-store.ts';
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
    prepare: (bytes, { flow, runId } = { flow: 'Sample', runId: '1' }) =>
      prepareBlob({ home: folder.path, flow, runId }, [bytes]),
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
  const { sha256 } = await storeContent(home, { store, content: Buffer.alloc(100_000) });
  expect(statSync(home).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(home).filter((entry) => entry.startsWith('raceway.db'))) {
    expect(statSync(`${home}/${name}`).mode & 0o077).toBe(0);
  }
  expect(statSync(artifactFile(home, sha256)).mode & 0o777).toBe(0o600);
});

test('equal content is one file', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const first = await storeContent(folder.path, { store, content: Buffer.alloc(100_000) });
  const written = statSync(artifactFile(folder.path, first.sha256)).ino;
  const second = await storeContent(folder.path, { store, content: Buffer.alloc(100_000) });
  expect(second.sha256).toBe(first.sha256);
  expect(statSync(artifactFile(folder.path, first.sha256))).toMatchObject({ ino: written, nlink: 1 });
  expect(readdirSync(`${folder.path}/artifacts/${first.sha256.slice(0, 2)}`)).toHaveLength(1);
});

test.each([
  ['was cut short', (file: string) => truncateSync(file, 10)],
  ['has other content of the same size', (file: string) => writeFileSync(file, readFileSync(file).fill('x', 70_000))],
])('an artifact file that %s is whole again once the same content is stored', async (_what, damage) => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const content = Buffer.alloc(100_000, 'a');
  const blob = await storeContent(folder.path, { store, content });
  const file = artifactFile(folder.path, blob.sha256);
  damage(file);
  await storeContent(folder.path, { store, content });
  expect(await store.readBlob(blob)).toHaveLength(100_000);
  expect(readdirSync(dirname(file))).toHaveLength(1);
});

test('an artifact file with one wrong byte, wherever that is, is whole again once the same content is stored', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const content = Buffer.concat([Buffer.alloc(100_000, 'a'), Buffer.alloc(1_500_000, 'b')]);
  const blob = await storeContent(folder.path, { store, content });
  const file = artifactFile(folder.path, blob.sha256);
  for (const place of [0, 100_000, 1_599_999]) {
    writeFileSync(file, readFileSync(file).fill('x', place, place + 1));
    await storeContent(folder.path, { store, content });
    expect(Buffer.from(await store.readBlob(blob)).equals(content)).toBe(true);
  }
});

test.each([
  ['was changed', 'UPDATE blob SET bytes = randomblob(1000)'],
  ['was lost', 'UPDATE blob SET bytes = NULL'],
])('a small content that %s is whole again once the same content is stored', async (_what, damage) => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const content = Buffer.alloc(1000, 'a');
  const blob = await storeContent(folder.path, { store, content });
  const database = new DatabaseSync(databaseFile(folder.path));
  database.exec(damage);
  database.close();
  await expect(store.readBlob(blob)).rejects.toMatchObject({ code: 'ARTIFACT' });
  await storeContent(folder.path, { store, content });
  expect(Buffer.from(await store.readBlob(blob)).equals(content)).toBe(true);
});

test('an artifact is not written where there is no home any more', () => {
  using folder = temporaryFolder();
  const home = folder.file('home');
  expect(() => prepareBlob({ home, flow: 'Sample', runId: '1' }, [Buffer.alloc(100_000)])).toThrow(
    /cannot write the artifact file .*: the home .*home was removed or moved .*\nBring it back/,
  );
  expect(existsSync(home)).toBe(false);
});

test('an artifact file that is gone or changed is reported, with its name', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const blob = await storeContent(folder.path, { store, content: Buffer.alloc(100_000) });
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
    /cannot open the database .*raceway\.db: it is damaged \(file is not a database\)\nTo find out what can be saved: raceway --home=\S+ doctor$/,
  );
});

test('what is left of a database is refused, and left as it is', () => {
  using folder = temporaryFolder();
  const file = databaseFile(folder.path);
  writeFileSync(`${file}-wal`, 'written last');
  expect(() => openSqliteStore(folder.path, { access: 'write' })).toThrow(
    /raceway\.db: it is gone, and what was written last, .*-wal, is still there\nBring it back/,
  );
  writeFileSync(file, '');
  for (const access of ['read', 'write'] as const) {
    expect(() => openSqliteStore(folder.path, { access })).toThrow(/raceway\.db: it is empty/);
  }
  expect(readdirSync(folder.path)).toStrictEqual(['raceway.db', 'raceway.db-wal']);
});

test('a clock that is set back makes nothing end before it began, and no id go down', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const writer = await store.createRun(run);
  const taskId = await writer.startTask({ step: 'start', parentIds: [], frames: [], sourceSha256: 'x' }, 1);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  const other = await store.createRun(run);
  expect(BigInt(other.runId)).toBeGreaterThan(BigInt(writer.runId));
  await writer.beat();
  await writer.finishAttempt({ taskId, attempt: 0, state: { status: 'successful' }, artifacts: [], blobs: [] });
  await writer.finish({ status: 'successful' });
  const { createdAt, finishedAt, heartbeatAt } = (await store.run('Sample', writer.runId)) ?? {};
  expect([finishedAt, heartbeatAt].every((time) => Number(time) >= Number(createdAt))).toBe(true);
  const [attempt] = await store.attempts('Sample', writer.runId, taskId);
  expect(attempt?.finishedAt).toBeGreaterThanOrEqual(Number(attempt?.startedAt));
  const times = (await store.events('Sample', writer.runId, 0)).map(({ at }) => at);
  expect(times).toStrictEqual(times.toSorted((a, b) => a - b));
});

test('a task and its first attempt begin at the same time, however long it takes to write them', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  let time = Date.now();
  using _clock = vi.spyOn(Date, 'now').mockImplementation(() => (time += 1));
  const writer = await store.createRun(run);
  const taskId = await writer.startTask({ step: 'start', parentIds: [], frames: [], sourceSha256: 'x' }, 1);
  const [attempt] = await store.attempts('Sample', writer.runId, taskId);
  expect(attempt?.startedAt).toBe((await store.task('Sample', writer.runId, taskId))?.createdAt);
});

test('no id of a run is given twice, though the run was removed and the clock set back', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const ofTheFuture = await runOfTheFuture(folder.path, store);
  await store.removeRun('Sample', ofTheFuture);
  expect(await store.flows()).toStrictEqual([]);
  const { runId } = await store.createRun(run);
  expect(BigInt(runId)).toBe(BigInt(ofTheFuture) + 1n);
  expect(BigInt((await store.createRun(run)).runId)).toBe(BigInt(ofTheFuture) + 2n);
});

test('ids of runs go up also in a home of schema 4, which did not keep the latest one', async () => {
  using folder = temporaryFolder();
  let ofTheFuture: string;
  {
    await using store = openSqliteStore(folder.path, { access: 'write' });
    ofTheFuture = await runOfTheFuture(folder.path, store);
  }
  const database = new DatabaseSync(databaseFile(folder.path));
  database.exec('ALTER TABLE attempt DROP COLUMN log_bytes; DROP TABLE latest_run; PRAGMA user_version = 4');
  database.close();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  expect(BigInt((await store.createRun(run)).runId)).toBe(BigInt(ofTheFuture) + 1n);
});

/** Makes a run that has ended, with the id that it would have if the clock had been an hour ahead. */
async function runOfTheFuture(home: string, store: RunStore): Promise<string> {
  const writer = await store.createRun(run);
  await writer.finish({ status: 'successful' });
  const id = String(BigInt(writer.runId) + 3_600_000_000n);
  const database = new DatabaseSync(databaseFile(home));
  database.prepare('UPDATE run SET id = ?').run(id);
  database.prepare('UPDATE latest_run SET id = ?').run(id);
  database.close();
  return id;
}

test('a run that is found ended by a clock that is behind did not end before its last sign of life', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const { runId } = await store.createRun(run);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
  onTestFinished(() => void vi.useRealTimers());
  await store.recordEnd('Sample', runId, { status: 'failed', reason: { kind: 'killed' } });
  const { finishedAt, heartbeatAt } = (await store.run('Sample', runId)) ?? {};
  expect(finishedAt).toBe(heartbeatAt);
});

describe('a run that is found ended an hour later', () => {
  async function foundEnded(end: (heartbeatAt: number) => RunEnd) {
    using folder = temporaryFolder();
    await using store = openSqliteStore(folder.path, { access: 'write' });
    const writer = await store.createRun(run);
    const taskId = await writer.startTask({ step: 'start', parentIds: [], frames: [], sourceSha256: 'x' }, 1);
    const { heartbeatAt = 0 } = (await store.run('Sample', writer.runId)) ?? {};
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
    onTestFinished(() => void vi.useRealTimers());
    await store.recordEnd('Sample', writer.runId, end(heartbeatAt));
    const { finishedAt } = (await store.run('Sample', writer.runId)) ?? {};
    const [attempt] = await store.attempts('Sample', writer.runId, taskId);
    return { heartbeatAt, finishedAt, attempt, now: Date.now() };
  }

  test('ended when it was last heard of if it is lost, and so did its tasks, but not before they began', async () => {
    const lost = { status: 'failed', reason: { kind: 'lost' } } as const;
    const { heartbeatAt, finishedAt, attempt } = await foundEnded(() => lost);
    expect(finishedAt).toBe(heartbeatAt);
    expect(attempt?.finishedAt).toBe(attempt?.startedAt);
  });

  test('ended when it is said to have, and so did its tasks', async () => {
    const { heartbeatAt, finishedAt, attempt } = await foundEnded((heartbeatAt) => ({
      status: 'failed',
      reason: { kind: 'signal', signalCode: 'SIGKILL' },
      endedAt: heartbeatAt + 60_000.5,
    }));
    expect(finishedAt).toBe(heartbeatAt + 60_000);
    expect(attempt?.finishedAt).toBe(finishedAt);
  });

  test.each([
    [
      'when it was last heard of if it is said to have ended before',
      (heartbeatAt: number) => heartbeatAt - 60_000,
      'heartbeatAt',
    ],
    ['now if it is said to end later', (heartbeatAt: number) => heartbeatAt + 7_200_000, 'now'],
    ['now if nothing is said', () => undefined, 'now'],
  ] as const)('ended %s', async (_when, endedAt, expected) => {
    const killed = { status: 'failed', reason: { kind: 'killed' } } as const;
    const found = await foundEnded((heartbeatAt) => ({ ...killed, endedAt: endedAt(heartbeatAt) }));
    expect(found.finishedAt).toBe(found[expected]);
  });
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

test.each([1, 8, 20, 40, 80, 120, 200])(
  'a database that may have no more than %i kB is whole or is not made, and that is said',
  (kilobytes) => {
    using folder = temporaryFolder();
    const script = `ulimit -f ${kilobytes * 2}; exec "$0" test/fixtures/opens-a-store.ts "$1"`;
    const { stdout } = spawnSync('sh', ['-c', script, process.execPath, folder.path], { encoding: 'utf8' });
    if (existsSync(databaseFile(folder.path))) {
      expect(stdout).toBe('made\n');
      using database = new DatabaseSync(databaseFile(folder.path), { readOnly: true });
      expect(database.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' });
    } else {
      expect(stdout).toMatch(/^cannot (open|use) the database .*raceway\.db/);
      expect(readdirSync(folder.path)).toStrictEqual([]);
    }
  },
);

/** How many a process makes; the end of each is synced to the disk. */
const RUNS = 5;

test('many processes that meet an empty home at once all write to it', async () => {
  using folder = temporaryFolder();
  const count = 24;
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, ['test/fixtures/writes-runs.ts', folder.file('home'), String(RUNS)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  const statuses = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0] as number));
  expect(statuses).toStrictEqual(Array.from({ length: count }, () => 0));
  await using store = openSqliteStore(folder.file('home'), { access: 'read' });
  expect(await store.runs('Sample', {})).toHaveLength(count * RUNS);
});

/** Content that a new run was given. */
async function storeContent(
  home: string,
  { store, content }: { store: RunStore; content: Uint8Array },
): Promise<NewBlob> {
  const writer = await store.createRun(run);
  const blob = prepareBlob({ home, flow: writer.flow, runId: writer.runId }, [content]);
  await writer.addBlobs([blob]);
  return blob;
}

const run = {
  flow: 'Sample',
  user: 'ada',
  userTags: [],
  systemTags: [],
  parameters: '[{}]',
  command: [],
  process: { host: 'here', bootId: 'b', pid: 1, startTime: '1' },
};
