import { spawn, spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkHome } from '../../src/client/check-home.ts';
import type { Finding } from '../../src/client/finding.ts';
import { openHome } from '../../src/client/home.ts';
import { checkDatabase } from '../../src/store/check-database.ts';
import { artifactFile, databaseFile } from '../../src/store/home-folder.ts';
import { MIGRATIONS } from '../../src/store/sqlite-schema.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { flowFolder } from '../flow-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { deadProcess, SeededHome } from './seeded-home.ts';

const PAGE_BYTES = 4096;

async function findings(home: string, options?: { deep: boolean }): Promise<readonly Finding[]> {
  return Array.fromAsync(checkHome(home, options));
}

/** A closed home with a few runs, each with tasks that have small and large artifacts, and logs. */
async function seed(path: string): Promise<void> {
  await using seeded = await SeededHome.make();
  for (let count = 0; count < 12; count += 1) {
    const run = await seeded.run({ userTags: ['seeded'], values: { count } });
    for (const step of ['start', 'train', 'end']) {
      const id = await run.task(step, {
        count,
        text: `${step} ${count} `.repeat(300),
        large: String(count % 3).repeat(70_000),
      });
      await run.log(id, `log of ${step}\n`);
    }
    await run.writer.finish({ status: 'successful' });
  }
  await seeded.home.close();
  await seeded.store.close();
  cpSync(seeded.path, path, { recursive: true, mode: 0 });
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o700 : 0o600);
  }
  chmodSync(path, 0o700);
}

/** Overwrites a part of a page, from 1. */
function damagePage(home: string, page: number): void {
  const bytes = readFileSync(databaseFile(home));
  bytes.fill(0xa5, (page - 1) * PAGE_BYTES, (page - 1) * PAGE_BYTES + 2000);
  writeFileSync(databaseFile(home), bytes);
}

/** Reads all there is; returns how many runs, tasks and artifacts that were, and how many contents were gone. */
async function readAll(path: string): Promise<{ runs: number; tasks: number; artifacts: number; gone: number }> {
  await using store = openSqliteStore(path, { access: 'write' });
  const counts = { runs: 0, tasks: 0, artifacts: 0, gone: 0 };
  for (const { name } of await store.flows()) {
    for (const { id: runId } of await store.runs(name, {})) {
      counts.runs += 1;
      await store.events(name, runId, 0);
      await store.steps(name, runId);
      for (const task of await store.tasks(name, runId)) {
        counts.tasks += 1;
        await store.attempts(name, runId, task.id);
        await store.cards(name, runId, task.id);
        for (const artifact of await store.artifacts(name, runId, task.id)) {
          counts.artifacts += 1;
          await store.readBlob(artifact).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'ARTIFACT' });
            counts.gone += 1;
          });
        }
      }
    }
  }
  return counts;
}

/** How each run and task ended, and whether it was made a moment ago: for a time that was not read another may stand. */
async function statesOf(path: string): Promise<unknown[]> {
  await using store = openSqliteStore(path, { access: 'read' });
  const states: unknown[] = [];
  for (const { id, state, createdAt, finishedAt } of await store.runs('TrainFlow', {})) {
    states.push([id, state, Date.now() - createdAt < 3_600_000, finishedAt !== undefined]);
    for (const task of await store.tasks('TrainFlow', id)) states.push([id, task.id, task.state]);
  }
  return states;
}

/** Two more runs, by a process that is killed before it could write the log back, which may have all there is. */
function writeLog(home: string, { all = false } = {}): void {
  const program = `
    const { openSqliteStore } = await import('./src/store/sqlite-store.ts');
    const store = openSqliteStore(${JSON.stringify(home)}, { access: 'write' });
    for (const flow of ['Killed', 'Killed']) await store.createRun({ flow, user: 'u', userTags: [], systemTags: [],
      parameters: '[{}]', command: [], process: { host: 'here', bootId: 'b', pid: 1, startTime: '1' } });
    const { DatabaseSync } = await import('node:sqlite');
    if (${all}) new DatabaseSync(${JSON.stringify(databaseFile(home))}).exec('VACUUM');
    process.kill(process.pid, 'SIGKILL');`;
  expect(spawnSync(process.execPath, ['--input-type=module', '-e', program]).signal).toBe('SIGKILL');
  expect(statSync(`${databaseFile(home)}-wal`).size).toBeGreaterThan(0);
}

/** The names and bytes of everything in a home. */
function contentsOf(home: string): readonly string[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => (statSync(path).isFile() ? `${path} ${hash('sha256', readFileSync(path))}` : path))
    .toSorted();
}

describe('checking a home', () => {
  test('leaves a folder alone that is none, and in one that somebody else uses too what is not raceway’s', async () => {
    using folder = temporaryFolder();
    mkdirSync(folder.file('logs'));
    for (const name of ['main.ts', 'logs/server.log']) writeFileSync(folder.file(name), '', { mode: 0o644 });
    chmodSync(folder.path, 0o755);
    await expect(findings(folder.path)).rejects.toThrow(`there is no home at ${folder.path}`);
    await openSqliteStore(folder.path, { access: 'write' }).close();
    chmodSync(databaseFile(folder.path), 0o644);
    for (const { kind, mend } of await findings(folder.path)) if (kind === 'permissions') await mend?.();
    const modeOf = (path: string) => statSync(path).mode & 0o777;
    expect([folder.path, folder.file('main.ts'), databaseFile(folder.path)].map(modeOf)).toStrictEqual([
      0o755, 0o644, 0o600,
    ]);
  });

  test.each<[string, (file: string) => void]>([
    ['one that a killed process has left a log in', () => {}],
    ['one without a log', (file) => rmSync(`${file}-wal`)],
    ['one with a log and an emptied database', (file) => truncateSync(file, 0)],
    ['one with a log and a truncated database', (file) => truncateSync(file, 20_000)],
    ['one with a log and no database', (file) => rmSync(file)],
    ['one with a log and garbage', (file) => writeFileSync(file, 'no database '.repeat(900))],
  ])('changes nothing in %s', async (_what, damage) => {
    using folder = temporaryFolder();
    await seed(folder.path);
    writeLog(folder.path);
    damage(databaseFile(folder.path));
    const before = contentsOf(folder.path);
    await findings(folder.path);
    expect(contentsOf(folder.path)).toStrictEqual(before);
    await findings(folder.path, { deep: true });
    expect(contentsOf(folder.path)).toStrictEqual(before);
  });

  test.each<[string, (file: string) => void]>([
    ['emptied', (file) => truncateSync(file, 0)],
    ['gone', (file) => rmSync(file)],
  ])('of a database that is %s, saves what its log has, and keeps both', async (_what, damage) => {
    using folder = temporaryFolder();
    await openSqliteStore(folder.path, { access: 'write' }).close();
    const file = databaseFile(folder.path);
    writeLog(folder.path, { all: true });
    const log = readFileSync(`${file}-wal`);
    damage(file);
    const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
    expect(found?.what).toContain('the log of what was written last is there');
    expect(await found?.mend?.()).toMatch(/copied the rows that could be read \(run 2, /);
    const aside = readdirSync(folder.path).filter((name) => name.startsWith('raceway.db.damaged-'));
    expect(aside.some((name) => readFileSync(folder.file(name)).equals(log))).toBe(true);
    await using store = openSqliteStore(folder.path, { access: 'read' });
    expect(await store.runs('Killed', {})).toHaveLength(2);
  });

  test('finds nothing wrong with a home that runs write to meanwhile', async () => {
    using folder = temporaryFolder();
    await openSqliteStore(folder.path, { access: 'write' }).close();
    chmodSync(folder.path, 0o700);
    const writer = spawn(process.execPath, ['test/fixtures/makes-and-removes-runs.ts', folder.path, '400', '1'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const exited = once(writer, 'exit');
    while (writer.exitCode === null && writer.signalCode === null) {
      const found = await findings(folder.path, { deep: true });
      expect(found.filter(({ kind }) => kind === 'database' || kind === 'artifacts')).toStrictEqual([]);
    }
    expect((await exited)[0]).toBe(0);
  }, 120_000);

  test('finds nothing wrong with one that a run has just made', async () => {
    using project = flowFolder(`
export class Sample extends FlowSpec {
  large = '';
  start = step([card()], () => {
    console.log('hello');
    this.large = 'x'.repeat(100_000);
    this.next(this.end);
  });
  end = step(() => {});
}`);
    expect((await project.run(['run'])).status).toBe(0);
    const found = await findings(project.file('.raceway'), { deep: true });
    expect(found.filter(({ kind }) => kind !== 'disk')).toStrictEqual([]);
  });

  test('says that there is none', async () => {
    using folder = temporaryFolder();
    await expect(findings(folder.file('none'))).rejects.toMatchObject({ code: 'HOME' });
  });

  test('finds what other users may read, and takes the right from them', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    chmodSync(folder.path, 0o755);
    const names = readdirSync(folder.file('logs'), { recursive: true, encoding: 'utf8' });
    const log = names.find((name) => name.endsWith('stdout')) ?? '';
    chmodSync(folder.file(`logs/${log}`), 0o644);
    const [found] = await findings(folder.path);
    expect(found).toMatchObject({
      kind: 'permissions',
      severity: 'error',
      what: expect.stringContaining('1 more may be read'),
    });
    await found?.mend?.();
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(statSync(folder.file(`logs/${log}`)).mode & 0o777).toBe(0o600);
    expect(await findings(folder.path)).toStrictEqual([]);
  });

  test('takes no offence at what is gone by the time that its permissions are mended', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    const [removed, kept] = [folder.file('logs/removed'), folder.file('logs/stays')];
    for (const file of [removed, kept]) writeFileSync(file, '', { mode: 0o644 });
    const [found] = await findings(folder.path);
    rmSync(removed);
    await found?.mend?.();
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  });

  test('finds contents that are missing or cut short, and in depth those that are changed, and whose they are', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    await using home = await openHome(folder.path);
    const artifacts = await Promise.all(
      (await Array.fromAsync(home.flow('TrainFlow').runs({ limit: 3 }))).map(async (run) =>
        (await Array.fromAsync(run.artifacts())).find(({ name }) => name === 'large'),
      ),
    );
    const [missing = '', short = '', changed = ''] = artifacts.map((one) =>
      artifactFile(folder.path, one?.sha256 ?? ''),
    );
    rmSync(missing);
    truncateSync(short, 10);
    writeFileSync(changed, readFileSync(changed).fill('x', 5, 6));
    const shallow = await findings(folder.path);
    expect(shallow.map(({ what }) => what).toSorted()).toStrictEqual([
      expect.stringMatching(/^the content \w{12} (is damaged|is missing): TrainFlow\/\d+\/start\/1\/large, .*…$/),
      expect.stringMatching(/^the content \w{12} (is damaged|is missing): TrainFlow\/\d+\/start\/1\/large, .*…$/),
    ]);
    expect(await findings(folder.path, { deep: true })).toHaveLength(3);
  });

  test('finds logs that somebody removed or cut off', async () => {
    await using seeded = await SeededHome.make();
    const run = await seeded.run();
    const files: string[] = [];
    for (const text of ['whole\n', 'removed\n', 'cut off\n', '']) {
      const id = await run.start('start');
      if (text !== '') files.push(await run.log(id, text));
      await run.finish(id, { logBytes: { stdout: text.length, stderr: 0 } });
    }
    const logs = async () => (await findings(seeded.path)).filter(({ kind }) => kind === 'logs');
    expect(await logs()).toStrictEqual([]);
    const [, removed = '', cut = ''] = files;
    truncateSync(cut, 4);
    expect(await logs()).toMatchObject([{ severity: 'note', what: `a log of a task was removed or cut off: ${cut}` }]);
    rmSync(removed);
    const what = `2 logs of tasks were removed or cut off: ${removed} and 1 more`;
    expect(await logs()).toMatchObject([{ what, remedy: expect.stringMatching(/^bring them back from a copy/) }]);
    await run.writer.finish({ status: 'successful' });
    await seeded.store.removeRun('TrainFlow', run.id);
    expect(await logs()).toStrictEqual([]);
  });

  test('finds runs whose process is gone, and records that', async () => {
    await using seeded = await SeededHome.make();
    chmodSync(seeded.path, 0o700);
    const lost = await seeded.run({ process: await deadProcess() });
    await seeded.run();
    const [found, ...others] = await findings(seeded.path);
    expect(others).toStrictEqual([]);
    expect(found).toMatchObject({ kind: 'lost-runs', severity: 'note', what: expect.stringContaining(lost.pathspec) });
    await found?.mend?.();
    expect(await seeded.store.run('TrainFlow', lost.id)).toMatchObject({
      state: { status: 'failed', reason: { kind: 'lost' } },
    });
    expect(await findings(seeded.path)).toStrictEqual([]);
  });

  test('finds what is left of removed runs, and drops it', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    const left = folder.file('logs/TrainFlow/17');
    mkdirSync(left, { mode: 0o700 });
    writeFileSync(join(left, '1.0.stdout'), 'left', { mode: 0o600 });
    const [found] = await findings(folder.path);
    expect(found).toMatchObject({ kind: 'leftovers', what: 'nothing refers to 1 logs (4 B)' });
    expect(await found?.mend?.()).toBe('dropped 1 logs (4 B)');
    expect(existsSync(left)).toBe(false);
  });

  test('does not mend a database that a process has open', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    damagePage(folder.path, 3);
    const holder = spawn('sh', ['-c', 'exec 3<"$0"; echo; exec sleep 600', databaseFile(folder.path)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(holder.stdout, 'data');
    const before = readFileSync(databaseFile(folder.path));
    const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
    await expect(found?.mend?.()).rejects.toThrow(new RegExp(`a process has it open \\(pid ${holder.pid}\\)`));
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(readFileSync(databaseFile(folder.path)).equals(before)).toBe(true);
  });

  test('says that it cannot see who has a damaged database open, where that is so', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    truncateSync(databaseFile(folder.path), 0);
    const { platform } = process;
    onTestFinished(() => void Object.defineProperty(process, 'platform', { value: platform }));
    Object.defineProperty(process, 'platform', { value: 'darwin' }); // where there is no /proc
    const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
    expect(found?.remedy).toContain('see to it that no process uses the home, which this system does not show');
    expect(await found?.mend?.()).toContain('which this system does not show');
  });

  test('saves the rest of a database, whichever page is damaged, and says what was lost', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    const whole = await readAll(folder.path);
    expect(whole).toStrictEqual({ runs: 12, tasks: 36, artifacts: 108, gone: 0 });
    const bytes = readFileSync(databaseFile(folder.path));
    const pages = bytes.byteLength / PAGE_BYTES;
    let lossless = 0;
    for (let page = 2; page <= pages; page += 2) {
      writeFileSync(databaseFile(folder.path), bytes);
      damagePage(folder.path, page);
      let said = '';
      for await (const { kind, mend } of checkHome(folder.path, { deep: true })) {
        if (kind === 'database') said = (await mend?.()) ?? '';
      }
      const left = await readAll(folder.path);
      expect(checkDatabase(databaseFile(folder.path), { deep: true })).toStrictEqual({
        problems: [],
        schema: 'current',
      });
      if (left.tasks === whole.tasks && left.artifacts === whole.artifacts && left.gone === 0) lossless += 1;
      else expect(said, `page ${page}`).toMatch(/lost, by table: /);
      expect(left.runs, `page ${page}`).toBeGreaterThan(0);
      for (const name of readdirSync(folder.path).filter((each) => each.startsWith('raceway.db')))
        rmSync(folder.file(name));
    }
    expect(lossless).toBeGreaterThan(pages / 8); // indexes, and pages that belong to nothing
  }, 120_000);

  test('of a database with nothing left in it, keeps logs and contents until it is decided about', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    writeFileSync(databaseFile(folder.path), Buffer.alloc(50_000, 'no database '));
    const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
    expect(found?.what).toContain('file is not a database');
    expect(await found?.mend?.()).toMatch(/run 0, .*\nlost, by table: run: all of it/);
    expect(await readAll(folder.path)).toMatchObject({ runs: 0 });
    await using home = await openHome(folder.path);
    expect(await home.collectGarbage()).toMatchObject({ contents: { count: 0 }, logs: { count: 0 } });
    expect(readdirSync(folder.file('logs/TrainFlow'))).toHaveLength(12);
    expect((await findings(folder.path)).map(({ kind }) => kind)).toStrictEqual(['put-aside']);
    const old = readdirSync(folder.path).find((name) => name.startsWith('raceway.db.damaged-'));
    rmSync(folder.file(old ?? ''));
    expect(await home.collectGarbage()).toMatchObject({ contents: { count: 3 }, logs: { count: 36 } });
  });

  test('of a database that is gone, puts aside what was written last, so that flows can run again', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    rmSync(databaseFile(folder.path));
    writeFileSync(`${databaseFile(folder.path)}-wal`, 'written last', { mode: 0o600 });
    expect(() => openSqliteStore(folder.path, { access: 'write' })).toThrow('it is gone');
    const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
    expect(await found?.mend?.()).toMatch(/run 0, .*the damaged database is .*raceway\.db\.damaged-/);
    await openSqliteStore(folder.path, { access: 'write' }).close();
    await using home = await openHome(folder.path);
    expect(await home.collectGarbage()).toMatchObject({ contents: { count: 0 }, logs: { count: 0 } });
  });

  test('of a database with damaged values, puts nothing in their place and says so', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    const database = new DatabaseSync(databaseFile(folder.path));
    database.exec(
      `UPDATE run SET command = '[oops' WHERE run_key = 3; UPDATE attempt SET transition = '{' WHERE attempt_key = 5;
       UPDATE task SET frames = '{"no":"frames"}' WHERE task_key = 5`,
    );
    database.close();
    await using home = await openHome(folder.path);
    const error = (await Array.fromAsync(home.flow('TrainFlow').runs()).catch((thrown: unknown) => thrown)) as Error;
    const [what, next] = error.message.split('\n');
    expect(what).toMatch(
      /^cannot read the database .*raceway\.db: .* nothing that raceway writes to the column command$/,
    );
    expect(next?.endsWith(`: raceway --home=${folder.path} doctor`)).toBe(true);
    await home.close();
    const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
    expect(found?.what).toMatch(
      /damaged: 1 rows of run .*; 1 rows of task .*; 1 rows of attempt hold something that raceway does not write$/,
    );
    expect(await found?.mend?.()).toContain(
      'lost, by table: run: 1 damaged values were replaced; task: 1 damaged values were replaced; attempt: 1 damaged',
    );
    expect(await readAll(folder.path)).toStrictEqual({ runs: 12, tasks: 36, artifacts: 108, gone: 0 });
  });

  test('of a database with a damaged hash, finds it, and keeps what is named elsewhere', async () => {
    using folder = temporaryFolder();
    await seed(folder.path);
    const database = new DatabaseSync(databaseFile(folder.path));
    database.exec(`PRAGMA foreign_keys = OFF;
      UPDATE blob SET sha256 = substr(sha256, 1, 40) || char(0, 7) WHERE sha256 = (SELECT MIN(sha256) FROM blob);
      UPDATE artifact SET sha256 = '$' || substr(sha256, 2) WHERE sha256 = (SELECT MAX(sha256) FROM artifact)`);
    database.close();
    const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
    expect(found?.what).toMatch(
      /1 rows of artifact hold something|a row of artifact refers to one of blob that is not there/,
    );
    expect(await found?.mend?.()).toMatch(/lost, by table: .*rows that made no sense/);
    expect((await findings(folder.path)).filter(({ kind }) => kind === 'database')).toStrictEqual([]);
  });

  // Whatever reads it next must not send its user back to a doctor who finds nothing. `keeps` is of 12 runs, 36 tasks and 108 artifacts.
  test.each([
    ['flow', 'name', `'a' || char(3)`, {}],
    ['run', 'run_key', '-5', {}],
    ['run', 'id', `'a' || char(3)`, {}],
    ['run', 'id', `printf('%.300c', 'a')`, {}],
    ['run', 'kind', `'walk'`, {}],
    ['run', 'status', `'fallen'`, {}],
    ['run', 'reason', `'{'`, {}],
    ['run', 'created_at', '-5', {}],
    ['run', 'finished_at', '-5', {}],
    ['run', 'origin_run_id', `''`, {}],
    ['run', 'heartbeat_at', '-5', {}],
    ['run', 'process', `'-5'`, {}],
    ['step', 'name', `'../x'`, { tasks: 35, artifacts: 105 }],
    ['step', 'created_at', '-5', {}],
    ['task', 'id', '-5', { tasks: 35, artifacts: 105 }],
    ['task', 'created_at', '-5', {}],
    ['task', 'origin_pathspec', `'x'`, {}],
    ['attempt', 'number', '-5', { tasks: 35, artifacts: 105 }],
    ['attempt', 'status', `'fallen'`, {}],
    ['attempt', 'reason', `'{'`, {}],
    ['attempt', 'started_at', '-5', {}],
    ['attempt', 'pid', '-5', {}],
    ['attempt', 'log_bytes', `'-5'`, {}],
    ['artifact', 'size_bytes', '-5', {}],
    ['blob', 'size_bytes', '-5', {}],
    ['event', 'at', '-5', {}],
    ['event', 'event', `'{}'`, {}],
    ['latest_run', 'id', `''`, {}],
  ])(
    'of a database in which %s.%s is %s, finds it, and mends it so that all is read',
    async (table, column, value, keeps) => {
      using folder = temporaryFolder();
      await seed(folder.path);
      const states = await statesOf(folder.path);
      const database = new DatabaseSync(databaseFile(folder.path));
      const [key] = database.prepare(`SELECT name FROM pragma_table_info('${table}') WHERE pk = 1`).all();
      const first = `${String(key?.['name'])} = (SELECT MIN(${String(key?.['name'])}) FROM ${table})`;
      database.exec(`PRAGMA foreign_keys = OFF; UPDATE OR REPLACE ${table} SET ${column} = ${value} WHERE ${first}`);
      database.close();
      const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
      expect(found?.what).toMatch(/damaged: .*(?:hold something that raceway does not write|that is not there)/);
      await found?.mend?.();
      expect((await findings(folder.path)).map(({ kind }) => kind)).toStrictEqual(['put-aside']);
      expect(await readAll(folder.path)).toStrictEqual({ runs: 12, tasks: 36, artifacts: 108, gone: 0, ...keeps });
      expect(states).toStrictEqual(expect.arrayContaining(await statesOf(folder.path)));
    },
  );

  test('of a database in which a hash is damaged in the table or in its index only, finds it', async () => {
    using folder = temporaryFolder();
    const file = databaseFile(folder.path);
    await seed(folder.path);
    const bytes = readFileSync(file);
    const read = (sql: string): readonly unknown[] => {
      using database = new DatabaseSync(file, { readOnly: true });
      return database
        .prepare(sql)
        .all()
        .map((row) => row['sha256']);
    };
    const [sha256 = ''] = read('SELECT sha256 FROM blob ORDER BY sha256') as string[];
    const damage = sha256.replace(/^../, '$&\x03').slice(0, sha256.length);
    const found = { inTable: 0, inIndex: 0 };
    for (let at = bytes.indexOf(sha256); at !== -1; at = bytes.indexOf(sha256, at + 1)) {
      writeFileSync(
        file,
        Buffer.concat([bytes.subarray(0, at), Buffer.from(damage), bytes.subarray(at + damage.length)]),
      );
      const inTable = read('SELECT sha256 FROM blob NOT INDEXED').includes(damage);
      const inIndex = read('SELECT sha256 FROM blob').includes(damage);
      if (!inTable && !inIndex) continue; // another table, or a place that is not in use any more
      found[inTable ? 'inTable' : 'inIndex'] += 1;
      expect((await findings(folder.path)).map(({ kind }) => kind)).toContain('database');
    }
    expect(found).toStrictEqual({ inTable: 1, inIndex: 1 });
  });

  test('of a database that an earlier raceway wrote, finds a damaged value when it is read, and mends it', async () => {
    using folder = temporaryFolder();
    const database = new DatabaseSync(databaseFile(folder.path));
    for (const migration of MIGRATIONS.slice(0, 5)) database.exec(migration);
    database.exec(`PRAGMA user_version = 5; PRAGMA journal_mode = WAL; INSERT INTO flow VALUES ('TrainFlow', 1);
      INSERT INTO run (run_key, flow, id, status, created_at, user, system_tags, parameters, command, process, heartbeat_at)
      VALUES (1, 'TrainFlow', '1', 'running', 1, 'u', '[]', '[{}]', '[]', '{"host":"h","bootId":"b","pid":1,"startTime":"1"}', -5)`);
    database.close();
    const found = (await findings(folder.path)).find(({ kind }) => kind === 'database');
    expect(found?.what).toMatch(/damaged: -5 is nothing that raceway writes to the column heartbeat_at$/);
    expect(await found?.mend?.()).toContain('lost, by table: run: 1 damaged values were replaced');
    expect((await findings(folder.path)).map(({ kind }) => kind)).not.toContain('database');
    expect(await readAll(folder.path)).toMatchObject({ runs: 1 });
  });
});
