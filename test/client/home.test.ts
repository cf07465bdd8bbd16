import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openHome } from '../../src/client/home.ts';
import { databaseFile, HOME_NAME } from '../../src/store/home-folder.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { SeededHome } from './seeded-home.ts';

let seeded: SeededHome;

beforeEach(async () => {
  seeded = await SeededHome.make();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await seeded[Symbol.asyncDispose]();
});

describe('openHome', () => {
  test('finds the nearest home up from the working folder', async () => {
    const home = join(seeded.path, HOME_NAME);
    await openSqliteStore(home, { access: 'write' }).close();
    const cwd = join(seeded.path, 'a', 'b');
    await mkdir(cwd, { recursive: true });
    await using opened = await openHome({ cwd });
    expect(opened.path).toBe(home);
  });

  test('takes RACEWAY_HOME when no home is named', async () => {
    vi.stubEnv('RACEWAY_HOME', seeded.path);
    await using opened = await openHome();
    expect(opened.path).toBe(seeded.path);
  });

  test('says what to do and makes nothing when there is no home', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'raceway-none-'));
    const error: unknown = await openHome({ home: join(folder, 'x') }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'HOME' });
    expect((error as Error).message).toMatch(/there is no home at .*\nRun a flow first/);
    await rm(folder, { recursive: true });
    await expect(rm(join(folder, 'x'))).rejects.toThrow('ENOENT');
  });

  test('leaves the store open for others who opened the same home when one closes it', async () => {
    const run = await seeded.run();
    const other = await openHome(seeded.path);
    await other.close();
    await other.close();
    expect((await seeded.home.run(run.pathspec)).id).toBe(run.id);
  });

  test('reads the new home when one was deleted and made again in the same place', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'raceway-again-'));
    const path = join(folder, 'home');
    await openSqliteStore(path, { access: 'write' }).close();
    await using before = await openHome(path);
    await rm(path, { recursive: true });
    await using store = openSqliteStore(path, { access: 'write' });
    await store.createRun({
      flow: 'NewFlow',
      user: 'ada',
      userTags: [],
      systemTags: [],
      parameters: '[{}]',
      command: [],
      process: { host: 'h', bootId: 'b', pid: 1, startTime: '1' },
    });
    await using after = await openHome(path);
    expect((await Array.fromAsync(after.flows())).map(({ id }) => id)).toEqual(['NewFlow']);
    expect((await Array.fromAsync(before.flows())).map(({ id }) => id)).toEqual(['NewFlow']);
    await rm(folder, { recursive: true });
  });
});

describe('a home', () => {
  test('lists the flows that have runs', async () => {
    await seeded.run({ flow: 'FirstFlow' });
    await seeded.run({ flow: 'SecondFlow' });
    const names = (await Array.fromAsync(seeded.home)).map(({ id, createdAt }) => {
      expect(createdAt).toBeInstanceOf(Date);
      return id;
    });
    expect(names.toSorted()).toEqual(['FirstFlow', 'SecondFlow']);
  });

  test('names the nearest flow when a flow does not exist', async () => {
    await seeded.run();
    await expect(seeded.home.flow('TranFlow').latestRun()).rejects.toMatchObject({
      code: 'NOT_FOUND',
      pathspec: 'TranFlow',
      message: `there is no flow TranFlow in the home ${seeded.path}\nDid you mean TrainFlow?`,
    });
    await expect(seeded.home.flow('TranFlow').refresh()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(seeded.home.run('TranFlow/1')).rejects.toMatchObject({ code: 'NOT_FOUND', pathspec: 'TranFlow/1' });
  });

  test('names the latest run when a run does not exist', async () => {
    const run = await seeded.run();
    await expect(seeded.home.run('TrainFlow/1')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      pathspec: 'TrainFlow/1',
      message: `there is no run TrainFlow/1 in the home ${seeded.path}\nThe latest run of TrainFlow is ${run.pathspec}.`,
    });
  });

  test('names the nearest step when a step does not exist', async () => {
    const run = await seeded.run();
    await run.task('start');
    await expect(seeded.home.step(`${run.pathspec}/strat`)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${run.pathspec} has no step strat\nDid you mean start?`,
    });
    await expect(seeded.home.task(`${run.pathspec}/strat/1`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('names the right pathspec when a task is one of another step', async () => {
    const run = await seeded.run();
    await run.task('start');
    await run.task('end');
    await expect(seeded.home.task(`${run.pathspec}/start/2`)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${run.pathspec}/start has no task 2\nThat task is ${run.pathspec}/end/2.`,
    });
    await expect(seeded.home.task(`${run.pathspec}/start/7`)).rejects.toMatchObject({
      message: `${run.pathspec}/start has no task 7\nIts first task is ${run.pathspec}/start/1.`,
    });
  });

  test('refuses what is no pathspec of the right depth', async () => {
    await expect(seeded.home.run('TrainFlow')).rejects.toMatchObject({ code: 'PATHSPEC' });
    expect(() => seeded.home.flow('TrainFlow/1')).toThrow(/is not a pathspec/);
  });

  test('says so when it is read after it was closed', async () => {
    const run = await seeded.run();
    const home = await openHome(seeded.path);
    const handle = await home.run(run.pathspec);
    await home.close();
    await expect(handle.refresh()).rejects.toMatchObject({ code: 'HOME', message: expect.stringContaining('closed') });
    expect(handle.status).toBe('running');
  });

  test('records how a run was ended only once', async () => {
    const run = await seeded.run();
    await run.start('start');
    const end = { status: 'timeout', reason: { kind: 'timeout' } } as const;
    expect(await seeded.home.recordEnd(run.pathspec, end)).toBe(true);
    expect(await seeded.home.recordEnd(run.pathspec, { status: 'failed', reason: { kind: 'killed' } })).toBe(false);
    const handle = await seeded.home.run(run.pathspec);
    expect(handle.status).toBe('timeout');
    expect(handle.finishedAt).toBeInstanceOf(Date);
    expect((await seeded.home.task(`${run.pathspec}/start/1`)).reason).toEqual({ kind: 'stopped' });
  });

  test('prints its folder', () => {
    expect(inspect(seeded.home)).toBe(`Home ${seeded.path}`);
  });
});

test('a log of the database that somebody removes while two have it open takes nothing along, and others can go on', async () => {
  using folder = temporaryFolder();
  const path = folder.file('home');
  const holder = spawn(process.execPath, ['test/fixtures/holds-a-home.ts', path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pathspec] = (await once(holder.stdout.setEncoding('utf8'), 'data')) as [string];
  await using home = await openHome(path);
  const run = await home.run(pathspec.trim());
  rmSync(`${databaseFile(path)}-wal`);
  await run.refresh(); // which opens the database anew, while the other has it open as it was
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const { status, stderr } = spawnSync(process.execPath, ['test/fixtures/writes-runs.ts', path, '1'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(await Array.fromAsync(home.flow('Sample').runs())).toHaveLength(2);
  expect(await Array.fromAsync((await home.run(pathspec.trim())).tasks())).toHaveLength(1);
});
