import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  CleanedUpError,
  FlowStartError,
  InvalidOptionError,
  NotFoundError,
  openHome,
  Runner,
} from '../../src/index.ts';
import { marked } from '../../src/process/marked.ts';
import { puppet } from '../fixtures/puppet.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

const parent = fileURLToPath(new URL('../fixtures/parents/starts-a-detached-run.ts', import.meta.url));

/** Its second step waits until the file that the environment names is there, and does what it says. */
const SOURCE = `
import { readFileSync } from 'node:fs';
class Sample extends FlowSpec.with({
  who: parameter.string({ default: 'nobody' }),
  key: parameter.string({ secret: true, default: 'a-default-key' }),
}) {
  answer = 0;
  start = step(async () => {
    console.log('began for', this.who);
    this.next(this.end);
  });
  end = step(async () => {
    const gate = process.env['GATE'] ?? '';
    while (!existsSync(gate)) await sleep(5);
    if (readFileSync(gate, 'utf8') === 'fail') throw new Error('as it was told');
    console.log('went on');
    this.answer = 42;
  });
}
`;

/** Announces the same run whenever it is started, and waits for the gate. */
const ANNOUNCES_AND_WAITS = `
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
const file = process.argv.find((word) => word.startsWith('--runner-attribute-file=')).split('=')[1];
writeFileSync(file, JSON.stringify({ flow_name: 'Same', run_id: '1', metadata: 'nowhere' }));
while (!existsSync(process.env['GATE'])) await setTimeout(5);
`;

/** Kills the keeper of a detached run, and nothing else. */
function strikeKeeper(home: string, pathspec: string): void {
  const { identity } = JSON.parse(readFileSync(join(home, 'detached', pathspec, 'process.json'), 'utf8')) as {
    identity: { pid: number };
  };
  process.kill(identity.pid, 'SIGKILL');
}

let folder: FlowFolder;
beforeAll(() => {
  folder = flowFolder(SOURCE);
});
afterAll(() => folder[Symbol.dispose]());

let counter = 0;

/** A home of its own, a gate, and a mark by which all processes can be counted. */
function place() {
  const temporary = temporaryFolder();
  const [home, gate] = [temporary.file('home'), temporary.file('gate')];
  const env = { GATE: gate, RACEWAY_TEST_DETACHED: `${process.pid}.${++counter}` };
  return {
    home,
    env,
    options: { showOutput: false, home, env },
    open: (what = 'go on') => {
      writeFileSync(`${gate}.new`, what);
      renameSync(`${gate}.new`, gate);
    },
    /** Whether no process is left. */
    isQuiet: async () =>
      (await marked({ name: 'RACEWAY_TEST_DETACHED', value: env.RACEWAY_TEST_DETACHED })).length === 0,
    [Symbol.asyncDispose]: async () => {
      writeFileSync(gate, 'go on');
      await until(
        async () => (await marked({ name: 'RACEWAY_TEST_DETACHED', value: env.RACEWAY_TEST_DETACHED })).length === 0,
      );
      temporary[Symbol.dispose]();
    },
  };
}

/** A script that starts a detached run; resolves to the run's pathspec when the script has ended. */
async function runStartedBy(way: 'ends' | 'is killed' | 'disposes', { home, env }: Awaited<ReturnType<typeof place>>) {
  const child = spawn(process.execPath, [parent, folder.script, home, way], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return line;
}

describe.concurrent('a detached run', () => {
  test.each(['ends', 'is killed', 'disposes'] as const)(
    'goes on when the script that started it %s, and is attached to live',
    async (way) => {
      await using at = place();
      const pathspec = await runStartedBy(way, at);
      await using running = await Runner.attach(pathspec, { home: at.home });
      expect(running).toMatchObject({ status: 'running', reason: undefined, exitCode: null, signalCode: null });
      expect(running.run.pathspec).toBe(pathspec);
      const lines: string[] = [];
      for await (const { line } of running.streamLog('stdout')) {
        lines.push(line);
        if (line.includes('began for nobody')) at.open();
      }
      expect(lines.filter((line) => line.includes('went on'))).toHaveLength(1);
      expect(running).toMatchObject({ status: 'successful', exitCode: 0, signalCode: null });
      expect(await running.run.load('answer')).toEqual({ answer: 42 });
      expect(running.stderr).toContain('executing Sample');
    },
  );

  test('is attached to when it has ended, with its whole output and its final status', async () => {
    await using at = place();
    at.open('fail');
    await using runner = new Runner(folder.script, at.options);
    const first = await runner.run({ who: 'you' }, { detached: true });
    expect(first.status).toBe('failed');
    await using running = await Runner.attach(first.run.pathspec, { home: at.home });
    expect(running).toMatchObject({ status: 'failed', exitCode: 1, command: first.command });
    expect(running.reason).toEqual(first.reason);
    expect(running.reason).toMatchObject({ kind: 'task', message: 'Error: as it was told' });
    expect(running.stdout).toBe(first.stdout);
    expect(running.stdout).toContain('began for you');
    await running.kill(); // which has nothing left to do
    expect(running.reason).toMatchObject({ kind: 'task' });
  });

  test('goes on when what attached to it lets go, by disposal or when its patience ends', async () => {
    await using at = place();
    await using runner = new Runner(folder.script, at.options);
    const own = await runner.asyncRun({}, { detached: true });
    const attached = await Runner.attach(own.run.pathspec, { home: at.home });
    expect(await attached.wait({ timeoutMs: 1 })).toBe(attached);
    expect(attached.status).toBe('running');
    const waiting = attached.wait();
    await attached[Symbol.asyncDispose]();
    await expect(waiting).rejects.toThrow(CleanedUpError);
    expect(() => attached.stdout).toThrow(CleanedUpError);
    expect((await own.run.refresh()).status).toBe('running');
    at.open();
    expect((await own.wait()).status).toBe('successful');
  });

  test('is not ended by kill() of a handle that has let go of it, which says how to end it', async () => {
    await using at = place();
    await using runner = new Runner(folder.script, at.options);
    const own = await runner.asyncRun({}, { detached: true });
    const { pathspec } = own.run;
    await own[Symbol.asyncDispose]();
    const error: unknown = await own.kill().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CleanedUpError);
    expect(String(error)).toContain(`could not end ${pathspec}: this handle has let go of it\n`);
    expect(String(error)).toContain(`raceway --home=${at.home} stop ${pathspec}`);
    const attached = await Runner.attach(pathspec, { home: at.home });
    expect(attached.status).toBe('running');
    await attached.kill();
    await attached[Symbol.asyncDispose]();
    await attached.kill(); // which has nothing left to do
    expect(attached.reason).toEqual({ kind: 'killed' });
  });

  test('is ended by kill(), with all that it started, from another process than the one that started it', async () => {
    await using at = place();
    const pathspec = await runStartedBy('ends', at);
    await using running = await Runner.attach(pathspec, { home: at.home });
    await running.kill();
    expect(await at.isQuiet()).toBe(true);
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'killed' } });
    expect(running.run.reason).toEqual({ kind: 'killed' });
    await using again = await Runner.attach(pathspec, { home: at.home });
    expect(again.reason).toEqual({ kind: 'killed' });
  });

  test('that was struck down is lost to nobody: status, reason and record say by which signal', async () => {
    await using at = place();
    const pathspec = await runStartedBy('ends', at);
    await using running = await Runner.attach(pathspec, { home: at.home });
    process.kill(running.pid, 'SIGKILL');
    await running.wait();
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'signal', signalCode: 'SIGKILL' } });
    expect(running.run.reason).toEqual(running.reason);
    await until(at.isQuiet);
  });

  test('that ended long before anybody looks ended then, as its keeper has written', async () => {
    await using at = place();
    const pathspec = await runStartedBy('ends', at);
    await using home = await openHome(at.home);
    const run = await home.run(pathspec);
    await until(async () => (await Array.fromAsync(run.tasks())).some(({ stepName }) => stepName === 'end'));
    const pid = (await home.processOf(pathspec))?.pid ?? 0;
    process.kill(pid, 'SIGKILL');
    const exit = join(at.home, 'detached', pathspec, 'exit');
    await until(() => existsSync(exit));
    await until(at.isQuiet);
    // As if all of it had been an hour ago.
    const anHourAgo = Date.now() - 3_600_000;
    using database = new DatabaseSync(home.database);
    database.prepare('UPDATE run SET created_at = ?, heartbeat_at = ?').run(anHourAgo, anHourAgo);
    database.prepare('UPDATE attempt SET started_at = ?').run(anHourAgo);
    utimesSync(exit, new Date(), new Date(anHourAgo + 5000));
    await using running = await Runner.attach(pathspec, { home: at.home });
    expect(running.reason).toEqual({ kind: 'signal', signalCode: 'SIGKILL' });
    expect((await run.refresh()).finishedAt?.getTime()).toBe(anHourAgo + 5000);
    const unfinished = (await Array.fromAsync(run.tasks())).find(({ status }) => status === 'failed');
    expect(unfinished?.finishedAt?.getTime()).toBe(anHourAgo + 5000);
  });

  test('whose keeper was struck down too is lost', async () => {
    await using at = place();
    await using runner = new Runner(folder.script, at.options);
    const running = await runner.asyncRun({}, { detached: true });
    const group = Number(readFileSync(`/proc/${running.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[2]);
    process.kill(-group, 'SIGKILL');
    await running.wait();
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'lost' }, exitCode: null, signalCode: null });
    await until(at.isQuiet);
  });

  test('goes on when its keeper alone is struck down, and is still followed and ended', async () => {
    await using at = place();
    await using runner = new Runner(folder.script, at.options);
    const first = await runner.asyncRun({}, { detached: true });
    strikeKeeper(at.home, first.run.pathspec);
    await using running = await Runner.attach(first.run.pathspec, { home: at.home });
    expect(running.status).toBe('running');
    at.open();
    expect([(await running.wait()).status, (await first.wait()).status]).toEqual(['successful', 'successful']);

    await using other = place();
    await using another = new Runner(folder.script, other.options);
    const second = await another.asyncRun({}, { detached: true });
    strikeKeeper(other.home, second.run.pathspec);
    await second.kill();
    expect(await other.isQuiet()).toBe(true);
    expect(second.reason).toEqual({ kind: 'killed' });
  });

  test('of a program that knows only the protocol goes on likewise', async () => {
    await using at = place();
    using scripts = temporaryFolder();
    writeFileSync(scripts.file('waits.mjs'), ANNOUNCES_AND_WAITS);
    const options = { showOutput: false, env: { ...at.env, RACEWAY_HOME: at.home } };
    await using runner = new Runner(scripts.file('waits.mjs'), options);
    const running = await runner.asyncRun({}, { detached: true });
    strikeKeeper(at.home, 'Same/1');
    await using attached = await Runner.attach('Same/1', { home: at.home });
    expect([running.status, attached.status]).toEqual(['running', 'running']);
    await attached.kill();
    expect(await at.isQuiet()).toBe(true);
  });

  test('that announces the id of another one is ended, and leaves that alone', async () => {
    await using at = place();
    using scripts = temporaryFolder();
    writeFileSync(scripts.file('waits.mjs'), ANNOUNCES_AND_WAITS);
    const options = { showOutput: false, env: { ...at.env, RACEWAY_HOME: at.home } };
    await using runner = new Runner(scripts.file('waits.mjs'), options);
    const first = await runner.asyncRun({}, { detached: true });
    await expect(runner.asyncRun({}, { detached: true })).rejects.toThrow(/output of another run of that name/);
    expect(readdirSync(join(at.home, 'detached'))).toEqual(['Same']);
    expect(first.status).toBe('running');
    at.open();
    expect((await first.wait()).status).toBe('successful');
  });

  test.each([
    ['its environment is too large', { LARGE: 'x'.repeat(200_000) }, /long/],
    ['there is no shell', { PATH: '/nowhere' }, /the program "sh", which starts it detached, cannot be executed/],
  ])('leaves no secret behind when it cannot start because %s', async (_why, more, message) => {
    await using at = place();
    const env = { ...at.env, ...more };
    await using runner = new Runner(folder.script, { ...at.options, env });
    await expect(runner.asyncRun({ key: 'a-very-secret-key' }, { detached: true })).rejects.toThrow(message);
    expect(readdirSync(join(at.home, 'detached'))).toEqual([]);
  });

  test('whose keeper does not say where it is, is ended', async () => {
    await using at = place();
    using programs = temporaryFolder();
    // Starts what it is given as the keeper would, and writes nothing.
    writeFileSync(programs.file('sh'), '#!/bin/sh\nshift 5\n"$@" &\n', { mode: 0o755 });
    const env = { ...at.env, PATH: programs.path };
    await using runner = new Runner(folder.script, { ...at.options, env });
    await expect(runner.asyncRun({}, { detached: true })).rejects.toThrow(/could not make the files of a run/);
    expect(await at.isQuiet()).toBe(true);
    expect(readdirSync(join(at.home, 'detached'))).toEqual([]);
  });

  test('keeps a limit of time by itself', async () => {
    await using at = place();
    await using runner = new Runner(folder.script, at.options);
    // It counts from when the run has been announced, however long the start took; the gate stays closed.
    const running = await runner.run({}, { detached: true, timeoutMs: 1 });
    expect(running).toMatchObject({ status: 'timeout', reason: { kind: 'timeout' } });
    await expect(runner.run({}, { detached: true, timeoutMs: 1, timeout: 1 })).rejects.toThrow(InvalidOptionError);
  });

  test('keeps its output in the home, for nobody else to read, and no parameters beside it', async () => {
    await using at = place();
    at.open();
    await using runner = new Runner(folder.script, at.options);
    const { run } = await runner.run({ key: 'a-very-secret-key' }, { detached: true });
    const kept = join(at.home, 'detached', 'Sample', run.id);
    expect(readdirSync(join(at.home, 'detached'))).toEqual(['Sample']);
    expect(readdirSync(kept).toSorted()).toEqual([
      'attributes.json',
      'exit',
      'keeper',
      'process.json',
      'starter.json',
      'stderr.log',
      'stdout.log',
    ]);
    for (const name of readdirSync(kept)) {
      expect(readFileSync(join(kept, name), 'utf8')).not.toContain('a-very-secret-key');
    }
    expect(statSync(kept).mode & 0o777).toBe(0o700);
    expect(statSync(join(kept, 'stdout.log')).mode & 0o777).toBe(0o600);
  });

  test('outlives a run whose step has started it', async () => {
    await using at = place();
    using outer = flowFolder(`
      import { Runner } from 'raceway';
      class Sample extends FlowSpec {
        pathspec = '';
        start = step(async () => {
          const runner = new Runner(${JSON.stringify(folder.script)}, { showOutput: false, home: ${JSON.stringify(at.home)} });
          this.pathspec = (await runner.asyncRun({}, { detached: true })).run.pathspec;
          this.next(this.end);
        });
        end = step(async () => { for (;;) await sleep(1000); });
      }`);
    await using runner = new Runner(outer.script, { ...at.options, home: outer.file('.raceway') });
    const running = await runner.asyncRun();
    await until(async () => (await Array.fromAsync((await running.run.refresh()).steps())).length === 2);
    await running.kill({ graceMs: 100 });
    const start = (await Array.fromAsync(running.run.tasks())).find(({ stepName }) => stepName === 'start');
    await using inner = await Runner.attach(String((await start?.load('pathspec'))?.['pathspec']), { home: at.home });
    expect(inner.status).toBe('running');
    at.open();
    expect((await inner.wait()).status).toBe('successful');
  });

  test('that cannot start leaves nothing', async () => {
    await using at = place();
    await using runner = new Runner(puppet('exits-before-announcing.mjs'), at.options);
    await expect(runner.asyncRun({}, { detached: true })).rejects.toThrow(FlowStartError);
    expect(readdirSync(join(at.home, 'detached'))).toEqual([]);
    await using lost = new Runner(folder.script, { ...at.options, cwd: join(at.home, 'nowhere') });
    await expect(lost.asyncRun({}, { detached: true })).rejects.toThrow('there is no such folder');
  });

  test('of a program that knows only the protocol is attached to as well', async () => {
    await using at = place();
    const env = { ...at.env, RACEWAY_HOME: at.home };
    await using runner = new Runner(puppet('exits.mjs'), { showOutput: false, env });
    const first = await runner.run({ status: 3 }, { detached: true });
    expect(first).toMatchObject({ status: 'failed', exitCode: 3, reason: { kind: 'exit', exitCode: 3 } });
    await using running = await Runner.attach(first.run.pathspec, { home: at.home });
    expect(running).toMatchObject({ status: 'failed', exitCode: 3, stdout: first.stdout });
  });

  test('is found when its script was killed before it could give the folder its name', async () => {
    await using at = place();
    at.open();
    await using runner = new Runner(folder.script, at.options);
    const { run } = await runner.run({}, { detached: true });
    const kept = join(at.home, 'detached', 'Sample', run.id);
    renameSync(kept, join(at.home, 'detached', 'starting-of-somebody'));
    await using running = await Runner.attach(run.pathspec, { home: at.home });
    expect(running.status).toBe('successful');
    expect(running.stdout).toContain('went on');
    expect(existsSync(kept)).toBe(true);
  });
});

describe.concurrent('Runner.attach', () => {
  test('gives a handle on a run that was not started detached: no output, but its end', async () => {
    await using at = place();
    await using runner = new Runner(folder.script, at.options);
    const own = await runner.asyncRun();
    await using running = await Runner.attach(own.run.pathspec, { home: at.home });
    expect(running).toMatchObject({ status: 'running', pid: own.pid });
    expect(() => running.stdout).toThrow('not kept');
    await expect(running.streamLog('stderr').next()).rejects.toThrow('not kept');
    await running.kill();
    await own.wait();
    const killed = { status: 'failed', reason: { kind: 'killed' } };
    for (const told of [running, running.run, own, own.run, await own.run.refresh()])
      expect(told).toMatchObject(killed);
    expect(own.stderr).toContain('The run failed: it was ended on request\n'); // its process has been told, too
  });

  test('says what is wrong: no home, no such run, no pathspec', async () => {
    await using at = place();
    await expect(Runner.attach('Sample/1', { home: at.home })).rejects.toThrow('there is no home');
    at.open();
    await using runner = new Runner(folder.script, at.options);
    await runner.run();
    await expect(Runner.attach('Sample/1', { home: at.home })).rejects.toThrow(NotFoundError);
    await expect(Runner.attach('../x', { home: at.home })).rejects.toThrow('pathspec');
  });

  test('does not keep the script alive that does not wait', async () => {
    await using at = place();
    const pathspec = await runStartedBy('ends', at);
    const source = `import { Runner } from 'raceway'; await Runner.attach(${JSON.stringify(pathspec)}, { home: ${JSON.stringify(at.home)} });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: 'inherit',
      cwd: folder.path,
    });
    expect(await once(child, 'exit')).toEqual([0, null]);
    await using home = await openHome(at.home);
    expect((await home.run(pathspec)).status).toBe('running');
  });
});
