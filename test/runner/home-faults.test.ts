import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { Runner } from '../../src/runner/runner.ts';
import { databaseFile } from '../../src/store/home-folder.ts';
import { type FlowFolder, flowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

/** Waits in its second step, while there is a file `hold`. */
const WAITS = `
export class Sample extends FlowSpec.with({ bytes: parameter.integer({ default: 200_000 }) }) {
  sum = 0;
  large = new Uint8Array();
  start = step(() => {
    trace('ran', 'start');
    this.sum = 1;
    this.large = new Uint8Array(this.bytes).fill(7);
    this.next(this.wait);
  });
  wait = step(async () => {
    trace('ran', 'wait');
    while (existsSync(new URL('hold', import.meta.url))) await sleep(5);
    this.sum += 1;
    this.next(this.end);
  });
  end = step(() => { this.sum += this.large.at(-1) ?? 0; });
}`;

const RESULT = 9;

function runnerOf(folder: FlowFolder, environment?: Record<string, string>): Runner {
  return new Runner(folder.script, {
    cwd: folder.path,
    home: folder.file('home'),
    showOutput: false,
    quiet: true,
    ...(environment && { env: environment }),
  });
}

/** Starts a run, and has something happen while its second task waits; resolves when the run has ended. */
async function struck(runner: Runner, folder: FlowFolder, strike: () => void) {
  writeFileSync(folder.file('hold'), '');
  const running = await runner.asyncRun();
  await until(() => folder.trace('ran').includes('wait'));
  strike();
  rmSync(folder.file('hold'));
  return running.wait();
}

describe('a home that is removed during a run', () => {
  test('fails the run, which says so, and the same Runner starts another', async () => {
    using folder = flowFolder(WAITS);
    await using runner = runnerOf(folder);
    const running = await struck(runner, folder, () => {
      renameSync(folder.file('home'), folder.file('gone')); // all of it at the same time
      rmSync(folder.file('gone'), { recursive: true });
    });
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'exit', exitCode: 1 } });
    expect(running.stderr).toMatch(
      /could not go on: the home .*home was removed or moved .*\nBring it back, then resume the run\. If it is gone for good, .* run the flow anew\./,
    );
    expect(existsSync(folder.file('home'))).toBe(false); // nothing was made in its place
    const again = await runner.run();
    expect(again.status).toBe('successful');
    expect(await again.run.data['sum']).toBe(RESULT);
  });

  test('and is only moved, is resumed when it is back', async () => {
    using folder = flowFolder(WAITS);
    await using runner = runnerOf(folder);
    const running = await struck(runner, folder, () => renameSync(folder.file('home'), folder.file('elsewhere')));
    expect(running.status).toBe('failed');
    renameSync(folder.file('elsewhere'), folder.file('home'));
    const resumed = await runner.resume({ originRunId: running.run.id });
    expect(await resumed.run.data['sum']).toBe(RESULT);
    expect(folder.trace('ran')).toBe('start\nwait\nwait\n');
  });
});

describe('a database that is damaged during a run', () => {
  test('by being emptied ends the run, and is not taken for a new one', async () => {
    using folder = flowFolder(WAITS);
    await using runner = runnerOf(folder);
    const database = databaseFile(folder.file('home'));
    const running = await struck(runner, folder, () => truncateSync(database, 0));
    expect(running.status).toBe('failed');
    await expect(runner.run()).rejects.toMatchObject({
      code: 'HOME',
      message: expect.stringMatching(
        /raceway\.db: it is empty, so somebody truncated it\nBring it back, or put .* aside .*: raceway --home=\/.*\/home doctor --fix$/,
      ),
    });
    expect(readFileSync(database)).toHaveLength(0);
  });

  test.each(['wal', 'shm'])('by the loss of its -%s ends the run, and nothing is lost', async (file) => {
    using folder = flowFolder(WAITS);
    await using runner = runnerOf(folder);
    const path = `${databaseFile(folder.file('home'))}-${file}`;
    const running = await struck(runner, folder, () => rmSync(path));
    expect(running.status).toBe('failed');
    expect(running.stderr).toContain(`${path} is gone, or is another file now`);
    const resumed = await runner.resume({ originRunId: running.run.id });
    expect(await resumed.run.data['sum']).toBe(RESULT);
    expect(folder.trace('ran')).toBe('start\nwait\nwait\n');
  });

  test('so that a run that seems well cannot be read, is not taken for a success', async () => {
    using folder = flowFolder(WAITS);
    await using runner = runnerOf(folder);
    const running = await struck(runner, folder, () => {
      for (const file of ['', '-wal']) truncateSync(`${databaseFile(folder.file('home'))}${file}`, 4096);
    });
    expect(running.status).toBe('failed');
  });
});

test.each([false, true])('a resume where there is no home makes none (detached: %s)', async (detached) => {
  using folder = flowFolder(WAITS);
  await using runner = runnerOf(folder);
  await expect(runner.resume({ detached })).rejects.toMatchObject({
    code: 'HOME',
    message: expect.stringMatching(/^there is no home at .*\/home\nRun a flow first, or /),
  });
  expect(existsSync(folder.file('home'))).toBe(false);
});

test('a run that ended well and cannot be read says what to do', async () => {
  using folder = flowFolder(
    `import { readdirSync, truncateSync } from 'node:fs';
export class Sample extends FlowSpec {
  start = step(async () => {
    while (!existsSync(new URL('go', import.meta.url))) await sleep(5);
    this.next(this.end);
  });
  end = step(() => {});
}
process.on('exit', () => {
  const home = new URL('home/', import.meta.url);
  for (const name of readdirSync(home)) if (/\\.db(-wal)?$/.test(name)) truncateSync(new URL(name, home), 5000);
});`,
  );
  await using runner = runnerOf(folder);
  const running = await runner.asyncRun(); // what it has read of the run by now is not the end of it
  writeFileSync(folder.file('go'), '');
  const { exitCode, reason } = await running.wait();
  expect({ exitCode, reason }).toEqual({
    exitCode: 0,
    reason: { kind: 'unread', message: expect.stringMatching(/^cannot .*database .*\n.*raceway .*doctor/) },
  });
});

test('a home that lost a run between its start and its handle is what is named', async () => {
  using folder = flowFolder(WAITS);
  await using runner = runnerOf(folder);
  await runner.run(); // there is a home
  writeFileSync(
    folder.file('announces.mjs'),
    `import { writeFileSync } from 'node:fs';
const file = process.argv.find((text) => text.startsWith('--runner-attribute-file=')).split('=')[1];
writeFileSync(file, JSON.stringify({ flow_name: 'Sample', run_id: '1', home: ${JSON.stringify(folder.file('home'))} }));
setInterval(() => {}, 1000);`,
  );
  await using other = new Runner(folder.file('announces.mjs'), { home: folder.file('home'), showOutput: false });
  await expect(other.run()).rejects.toThrow(
    /^cannot read the database .*: it has lost Sample\/1, which had just been started\n.* raceway --home=.* doctor$/,
  );
});

test('an artifact file that is damaged is mended by the step that made it', async () => {
  using folder = flowFolder(WAITS);
  await using runner = runnerOf(folder);
  const damage = `find home/artifacts -type f -exec sh -c 'printf X | dd of="$1" bs=1 seek=5000 conv=notrunc' sh {} \\;`;
  const running = await runner.run();
  expect(running.status).toBe('successful');
  execFileSync('sh', ['-c', damage], { cwd: folder.path, stdio: 'ignore' });
  await expect(running.run.data['large']).rejects.toThrow(/is damaged/);
  const failed = await runner.resume({ originRunId: running.run.id, stepToRerun: 'end' });
  expect(failed.reason).toMatchObject({
    message: expect.stringMatching(
      `cannot load the artifact "large": .* is damaged: .*\\n.* resume start --origin-run-id=${failed.run.id}$`,
    ),
  });
  const resumed = await runner.resume({ originRunId: running.run.id, stepToRerun: 'start' });
  expect(await resumed.run.data['sum']).toBe(RESULT);
});

describe('temporary files', () => {
  test('that somebody removes during a run take only its output with them', async () => {
    using folder = flowFolder(WAITS);
    const runner = runnerOf(folder);
    const running = await struck(runner, folder, () => {
      const own = readdirSync(tmpdir()).filter((name) => name.startsWith(`raceway-${process.pid}-`));
      expect(own).toHaveLength(1);
      rmSync(join(tmpdir(), own[0] ?? ''), { recursive: true });
    });
    expect(running.status).toBe('successful');
    expect(await running.run.data['sum']).toBe(RESULT);
    expect(() => running.stdout).toThrow(/stdout\.log: somebody removed it\n.*is kept with the run/);
    await expect(running.streamLog('stdout').next()).rejects.toThrow(/stdout\.log: somebody removed it/);
    await runner[Symbol.asyncDispose]();
  });

  test('that cannot be made are the reason that is given', async () => {
    using folder = flowFolder(WAITS);
    await using runner = runnerOf(folder);
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder.file('none');
    try {
      await expect(runner.run()).rejects.toMatchObject({
        code: 'FLOW_START',
        message: expect.stringMatching(/files of a run in .*none: ENOENT.*\nSee that the folder is there/),
      });
    } finally {
      process.env['TMPDIR'] = before;
    }
  });

  test('that the run process cannot make either do not keep it from its work', async () => {
    using folder = flowFolder(WAITS);
    await using runner = runnerOf(folder, { TMPDIR: folder.file('none') });
    const running = await runner.run({}, { isolation: 'task' });
    expect(await running.run.data['sum']).toBe(RESULT);
  });
});

/** Runs the script by a shell, which can limit the size of files: that stands for a full disk. */
async function runIn(folder: FlowFolder, command: string): Promise<{ status: number | null; stderr: string }> {
  const child = spawn('sh', ['-c', command, process.execPath], {
    cwd: folder.path,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  return { status, stderr };
}

describe('a full disk', () => {
  test('under what is shown does not end the run, and is told', async () => {
    using folder = flowFolder(WAITS);
    const { status, stderr } = await runIn(folder, `"$0" sample.js run > /dev/full`);
    expect([status, stderr]).toStrictEqual([
      0,
      expect.stringMatching(/shown is missing: ENOSPC.*\nWhat tasks printed/),
    ]);
  });

  test('under an artifact fails its task, with the file and what to do', async () => {
    using folder = flowFolder(WAITS);
    await using runner = runnerOf(folder);
    const { status, stderr } = await runIn(folder, `ulimit -f 4000; "$0" sample.js --home=home run --bytes=9000000`);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /Step start .* cannot write the artifact file .*home\/artifacts\/.*: a file has grown as large as it may.*EFBIG.*\n *Make room for the home .*, then resume the run\./,
    );
    expect(
      readdirSync(folder.file('home/artifacts'), { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      ),
    ).toStrictEqual([]);
    const resumed = await runner.resume();
    expect(await resumed.run.data['sum']).toBe(RESULT);
  });

  test('under the log of a task fails the task, although console.log says nothing', async () => {
    using folder = flowFolder(`export class Sample extends FlowSpec {
      start = step(() => { for (let line = 0; line < 90_000; line++) console.log('x'.repeat(99)); this.next(this.end); });
      end = step();
    }`);
    const { status, stderr } = await runIn(folder, `ulimit -f 4000; "$0" sample.js run`);
    expect([status, stderr]).toStrictEqual([
      1,
      expect.stringMatching(/Step start .* cannot keep what the task prints: a file has grown/),
    ]);
  });

  test('under a commit that is larger than the cache of the database is what is named', async () => {
    using folder = flowFolder(`import { randomBytes } from 'node:crypto';
      export class Sample extends FlowSpec {
        start = step(() => {
          for (let index = 0; index < 100; index++) Reflect.set(this, 'part' + index, randomBytes(30_000).toString('hex'));
          this.next(this.end);
        });
        end = step();
      }`);
    const { status, stderr } = await runIn(folder, `ulimit -f 4000; "$0" sample.js run`);
    expect([status, stderr]).toStrictEqual([
      1,
      expect.stringMatching(/raceway\.db: the disk failed .*disk I\/O error/),
    ]);
  });
});
