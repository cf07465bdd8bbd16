import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError, NotFoundError } from '../../src/core/errors.ts';
import { FlowStartError, RunFailedError } from '../../src/runner/errors.ts';
import { ExecutingTask } from '../../src/runner/executing-task.ts';
import { Runner } from '../../src/runner/runner.ts';
import { puppet } from '../fixtures/puppet.ts';
import { type FlowFolder, flowFolder } from '../flow-folder.ts';

const SAMPLE = `
export class Sample extends FlowSpec.with({ mode: parameter.string({ default: 'good' }) }) {
  items: unknown = [1];
  start = step(() => this.next(this.work));
  work = step(async () => {
    console.log('working on ' + JSON.stringify(this.items).slice(0, 20));
    if (this.mode === 'throws') throw new Error('asked to');
    if (this.mode === 'waits') await sleep(600_000);
    this.next(this.end);
  });
  end = step();
}`;

function runnerOf(folder: FlowFolder): Runner {
  return new Runner(folder.script, { cwd: folder.path, showOutput: false, quiet: true });
}

/** What the promise rejects with. */
async function errorOf<E extends Error>(promise: Promise<unknown>, type: new (...args: never[]) => E): Promise<E> {
  const error: unknown = await promise.then(
    () => expect.fail('nothing was thrown'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(type);
  return error as E;
}

describe('Runner.spin', () => {
  test('executes a task again and gives a handle on it', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    const { run } = await runner.run();
    const running = await runner.spin('work', { tags: ['try'], artifacts: { items: ['x', null, { y: 1.5 }] } });
    expect(running).toBeInstanceOf(ExecutingTask);
    expect(running).toMatchObject({ status: 'successful', reason: undefined, exitCode: 0 });
    const { task } = running;
    expect(task).toMatchObject({ stepName: 'work', status: 'successful', originPathspec: `${run.pathspec}/work/2` });
    expect(await task.data['items']).toStrictEqual(['x', null, { y: 1.5 }]);
    expect(await task.stdout()).toBe('working on ["x",null,{"y":1.5}]\n');
    expect(running.stdout).toContain(`] Spinning ${task.originPathspec}\n`);
    expect(String(running)).toBe(task.pathspec);
    expect(inspect(running)).toBe(`ExecutingTask ${task.pathspec} (successful)`);
  });

  test('hands over artifacts that do not fit on a command line', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    await runner.run();
    const items = { text: 'é'.repeat(500_000), zero: '\0' };
    const { task } = await runner.spin('work', { artifacts: { items } });
    expect(await task.data['items']).toStrictEqual(items);
  });

  test('says why a task failed, with the command that spins it again when that is an error', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    const { run } = await runner.run({ mode: 'throws' });
    const running = await runner.spin(`${run.id}/work`);
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'task', pathspec: running.task.pathspec } });
    expect(running.task.exception?.message).toBe('asked to');
    const error = await errorOf(runner.spin(`${run.id}/work`, { reject: true }), RunFailedError);
    expect(error.running).toBeInstanceOf(ExecutingTask);
    expect(error.message).toMatch(
      new RegExp(`^Spin it again when that is mended: .* --home=\\S+ spin ${run.id}/work$`, 'm'),
    );
    expect((await runner.spin(`${run.id}/work`, { parameters: { mode: 'good' } })).status).toBe('successful');
  });

  test.each([
    ['the task is not there', ['42/work'], NotFoundError],
    ['the artifact is not there', ['work', { artifacts: { itms: 1 } }], InvalidOptionError],
    ['the pathspec looks like an option', ['--help'], InvalidOptionError],
    ['the option is one of runs', ['work', { maxWorkers: 1 }], InvalidOptionError],
    ['JSON cannot say an artifact', ['work', { artifacts: { items: new Map() } }], InvalidOptionError],
    ['JSON cannot say a part of it', ['work', { artifacts: { items: [NaN] } }], InvalidOptionError],
  ] as const)('rejects when %s', async (_, [pathspec, options], type) => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    await runner.run();
    await errorOf<Error>(runner.spin(pathspec, options), type);
  });
});

describe('Runner.asyncSpin', () => {
  test('resolves when the task can be read, and gives its lines', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    await runner.run();
    const running = await runner.asyncSpin('work', { parameters: { mode: 'waits' } });
    expect(running.status).toBe('running');
    expect(running.task).toMatchObject({ status: 'running', stepName: 'work' });
    for await (const { line } of running.streamLog('stdout')) if (line.includes('working on [1]')) break;
    await running.kill({ graceMs: 0 });
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'killed' } });
    expect(running.task).toMatchObject({ status: 'failed', reason: { kind: 'stopped' } });
  });

  test('ends with status timeout after timeoutMs', async () => {
    using folder = flowFolder(SAMPLE);
    await using runner = runnerOf(folder);
    await runner.run();
    const running = await runner.asyncSpin('work', { parameters: { mode: 'waits' } });
    await running.wait({ timeoutMs: 0 });
    expect(running).toMatchObject({ status: 'timeout', reason: { kind: 'timeout' } });
  });

  test('is ended, and cleaned up, with its runner', async () => {
    using folder = flowFolder(SAMPLE);
    const runner = runnerOf(folder);
    await runner.run();
    const running = await runner.asyncSpin('work', { parameters: { mode: 'waits' } });
    await runner[Symbol.asyncDispose]();
    expect(running.reason).toStrictEqual({ kind: 'killed' });
    expect(() => running.stdout).toThrow(/the temporary files of this run have been removed/);
  });
});

describe('Runner.spin of a flow of another system', () => {
  test('gives it the pathspec and all options, and has what it announced', async () => {
    await using runner = new Runner(puppet('prints-arguments.py'), { showOutput: false });
    const running = await runner.spin('17/work', { skipDecorators: true, artifacts: { rate: 0.5 } });
    expect(JSON.parse(running.stdout)).toEqual([
      'spin',
      '17/work',
      expect.stringMatching(/^--runner-attribute-file=/),
      '--skip-decorators',
      '--artifacts={"rate":0.5}',
    ]);
    expect(running.status).toBe('successful');
    expect(running.task).toMatchObject({ id: '3', stepName: 'work' });
    expect(running.task.pathspec).toMatch(/^Puppet\/\d+\/work\/3$/);
    expect(inspect(running.task)).toMatch(/^Task Puppet\/\d+\/work\/3 \(kept elsewhere\)$/);
    expect(() => running.task.status).toThrow(expect.objectContaining({ code: 'FOREIGN_RUN' }));
    await expect(running.task.stdout()).rejects.toMatchObject({ code: 'FOREIGN_RUN' });
  });

  test('rejects when it announces no task', async () => {
    await using runner = new Runner(puppet('announces-no-task.mjs'), { showOutput: false });
    await errorOf(runner.spin('17/work'), FlowStartError);
  });
});
