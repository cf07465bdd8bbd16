import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { Runner } from '../../src/runner/runner.ts';
import { type FlowFolder, flowFolder } from '../flow-folder.ts';
import { processesNamed } from '../processes-named.ts';
import { until } from '../until.ts';

const SAMPLE = `
export class Sample extends FlowSpec.with({
  n: parameter.integer({ default: 1 }),
  mode: parameter.oneOf(['good', 'throws', 'waits', 'has children', 'unstorable'], { default: 'good' }),
}) {
  doubled = 0;
  model: unknown;
  start = step(() => {
    trace('ran', 'start');
    this.doubled = this.n * 2;
    this.next(this.work);
  });
  work = step(async () => {
    trace('ran', 'work');
    console.log('working in mode ' + this.mode);
    if (this.mode === 'throws') throw new Error('asked to');
    if (this.mode === 'unstorable') this.model = { fit() {} };
    if (this.mode === 'has children') spawn('sh', ['-c', 'sleep 600 & sleep 600']);
    if (this.mode === 'waits' || this.mode === 'has children') await sleep(600_000);
    this.next(this.end);
  });
  end = step();
}`;

function runnerOf(folder: FlowFolder): Runner {
  return new Runner(folder.script, { cwd: folder.path, showOutput: false, quiet: true });
}

function ran(folder: FlowFolder): string[] {
  return folder.trace('ran').trim().split('\n');
}

describe('a Runner and a flow of raceway', () => {
  test('agree on parameters, tags, artifacts and output', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    const running = await runner.run({ n: 21 }, { tags: ['a', 'b'], maxWorkers: 1 });
    expect(running.status).toBe('successful');
    expect(running.stdout).toContain('] working in mode good\n');
    expect(running.stderr).toMatch(/^(Made the home .*\n)?$/);
    expect(running.run.userTags).toStrictEqual(['a', 'b']);
    expect(running.run.finished).toBe(true);
    expect(await running.run.data['doubled']).toBe(42);
    expect(await running.run.data['n']).toBe(21);
  });

  test.each([
    ['an unknown parameter', { nn: 1 }, 'InvalidOptionError', /no .*--nn.*\nDid you mean --n\?/],
    ['a wrong type', { n: 'x' }, 'InvalidOptionError', /n takes an integer and was given "x"/],
    ['a wrong choice', { mode: 'best' }, 'InvalidOptionError', /mode.*"best"/],
  ])('agree that %s is a mistake', async (_, parameters, name, message) => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    await expect(runner.run(parameters)).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
    expect(folder.trace('ran')).toBe('');
  });

  test('agree that a required parameter is missing', async () => {
    using folder = flowFolder(SAMPLE.replace('{ default: 1 }', '{ required: true }'));
    await using runner = runnerOf(folder);
    await expect(runner.run()).rejects.toMatchObject({
      name: 'InvalidOptionError',
      option: 'n',
      message: expect.stringMatching(/n.*required|missing|needs/i),
    });
  });

  test('agree that there is no such origin run', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    await runner.run();
    await expect(runner.resume({ originRunId: '42' })).rejects.toMatchObject({
      name: 'NotFoundError',
      pathspec: 'Sample/42',
    });
  });

  test('agree that a file is no flow', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.script, 'export const nothing = 1;');
    await using runner = runnerOf(folder);
    await expect(runner.run()).rejects.toMatchObject({ name: 'FlowStartError', exitCode: 0 });
  });

  test('agree that a flow throws while it is loaded', async () => {
    using folder = flowFolder(`${SAMPLE}\nthrow new RangeError('not today');`);
    await using runner = runnerOf(folder);
    await expect(runner.run()).rejects.toMatchObject({
      name: 'FlowStartError',
      message: expect.stringContaining('RangeError: not today'),
      stderr: expect.stringContaining('sample.js:'),
    });
  });

  test('agree that a home cannot be written to', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('taken'), '');
    await using runner = new Runner(folder.script, { cwd: folder.path, home: 'taken/here', showOutput: false });
    await expect(runner.run()).rejects.toMatchObject({ message: expect.stringMatching(/cannot write to the home/) });
  });

  test('name the artifact that cannot be stored', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    await expect(runner.run({ mode: 'unstorable' }, { reject: true })).rejects.toMatchObject({
      name: 'RunFailedError',
      message: expect.stringContaining('the artifact "model" cannot be stored: it holds a function at .fit'),
    });
  });

  test('tell why a run failed, and resume it', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    const failed = await runner.run({ mode: 'throws', n: 4 });
    expect([failed.status, failed.exitCode]).toStrictEqual(['failed', 1]);
    expect(failed.reason).toStrictEqual({
      kind: 'task',
      pathspec: `${failed.run.pathspec}/work/2`,
      message: 'Error: asked to',
    });
    const plan = await runner.resume({ dryRun: true });
    expect(plan.stdout).toMatch(/start +1 task cloned\n +work +1 task run again: it failed/);
    expect([plan.status, plan.run.id]).toStrictEqual(['successful', failed.run.id]);
    const resumed = await runner.resume({ originRunId: failed.run.id, parameters: { mode: 'good' } });
    expect([resumed.status, resumed.run.originRunId]).toStrictEqual(['successful', failed.run.id]);
    expect(await resumed.run.data['doubled']).toBe(8);
    expect(ran(folder)).toStrictEqual(['start', 'work', 'work']);
  });

  test.each([
    ['kill()', 'killed', 'failed'],
    ['a time limit', 'timeout', 'timeout'],
    ['disposal', 'killed', 'failed'],
  ] as const)('record that %s ended a run, with all its processes', async (how, kind, status) => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    const running = await runner.asyncRun({ mode: 'has children' });
    await until(() => running.stdout.includes('working in mode has children'));
    if (how === 'kill()') await running.kill();
    else if (how === 'disposal') await running[Symbol.asyncDispose]();
    else await running.wait({ timeoutMs: 0 });
    expect([running.status, running.reason]).toStrictEqual([status, { kind }]);
    expect(processesNamed(folder.script)).toStrictEqual([]);
    await using home = await folder.home();
    const run = await home.run(running.run.pathspec);
    expect([run.status, run.reason]).toStrictEqual([status, { kind }]);
    const [work] = await Array.fromAsync(run.tasks());
    expect(work?.reason).toStrictEqual({ kind: 'stopped' });
  });

  test('agree that a run whose script exits with 0 halfway has failed', async () => {
    using folder = flowFolder(`${SAMPLE}\nif (import.meta.main) setTimeout(() => process.exit(0), 300);`);
    await using runner = runnerOf(folder);
    const running = await runner.run({ mode: 'waits' });
    const ended = { status: 'failed', reason: { kind: 'exit', exitCode: 0 } };
    expect(running).toMatchObject({ ...ended, exitCode: 0 });
    expect(running.run).toMatchObject(ended);
    await expect(runner.run({ mode: 'waits' }, { reject: true })).rejects.toThrow(
      /ended with exit status 0 before it was done\n/,
    );
  });

  test('complete a run whose process was killed, without running a finished step again', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    const running = await runner.asyncRun({ mode: 'waits' });
    await until(() => ran(folder).length === 2);
    process.kill(running.pid, 'SIGKILL');
    await running.wait();
    expect([running.status, running.signalCode]).toStrictEqual(['failed', 'SIGKILL']);
    expect(running.run.status).toBe('failed');
    expect(processesNamed(folder.script)).toStrictEqual([]);
    const resumed = await runner.resume({ parameters: { mode: 'good' } });
    expect([resumed.status, resumed.run.originRunId]).toStrictEqual(['successful', running.run.id]);
    expect(ran(folder)).toStrictEqual(['start', 'work', 'work']);
  });
});

test('fifty runs at once from one script all succeed, on one home, in under 150 MB', async () => {
  using folder = flowFolder(SAMPLE);
  const parent = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('../fixtures/parents/starts-fifty.ts', import.meta.url)),
      folder.script,
      folder.file('home'),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [output] = await Promise.all([text(parent.stdout), once(parent, 'exit')]);
  const result = JSON.parse(output) as { stderr: string; values: number[]; peakMegabytes: number };
  expect(result).toMatchObject({ statuses: ['successful'], ids: 50 });
  expect(result.values).toStrictEqual(Array.from({ length: 50 }, (_, n) => n * 2));
  expect(result.stderr).not.toContain('locked');
  expect(result.peakMegabytes).toBeLessThan(150);
}, 120_000);

test('a run that is killed when it had failed by itself is told of as it is recorded', async () => {
  using folder = flowFolder(`
    setInterval(() => {}, 1e6); // its process stays when the run has ended
    export class Sample extends FlowSpec {
      start = step(() => { this.next(this.end); });
      end = step(() => { throw new Error('by itself'); });
    }`);
  await using runner = new Runner(folder.script, { home: folder.file('.raceway'), showOutput: false });
  const running = await runner.asyncRun();
  await until(async () => (await running.run.refresh()).finished);
  expect(running.status).toBe('running');
  await running.kill();
  expect(running.reason).toMatchObject({ kind: 'task', message: expect.stringContaining('by itself') as unknown });
  expect(running.reason).toEqual((await running.run.refresh()).reason);
});
