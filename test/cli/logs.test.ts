import { appendFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededHome, type SeededRun } from '../client/seeded-home.ts';
import { flowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';
import { type Called, type Calling, jsonLines, raceway, startRaceway } from './raceway.ts';

let seeded: SeededHome;
let run: SeededRun;

beforeEach(async () => {
  seeded = await SeededHome.make();
  run = await seeded.run();
});

afterEach(async () => {
  await seeded[Symbol.asyncDispose]();
});

function logs(...args: readonly string[]): Promise<Called> {
  return raceway(['logs', ...args, '--home', seeded.path]);
}

function follow(...args: readonly string[]): Calling {
  return startRaceway(['logs', '-f', ...args, '--home', seeded.path]);
}

describe('raceway logs', () => {
  test('prints what each task of a run wrote, each stream to the same one', async () => {
    await run.log(await run.task('start'), 'one\ntwo');
    const fit = await run.task('fit');
    await run.log(fit, 'three\n');
    await run.log(fit, 'careful\n', { stream: 'stderr' });
    expect(await logs(run.pathspec)).toMatchObject({
      status: 0,
      stdout: '[start/1] one\n[start/1] two\n[fit/2] three\n',
      stderr: '[fit/2] careful\n',
    });
    expect(await logs('TrainFlow')).toMatchObject({ stdout: expect.stringContaining('[fit/2] three') });
  });

  test('prints the lines of one task as they are', async () => {
    await run.log(await run.task('start'), 'one\n\x1b[31mtwo\n');
    expect((await logs(`${run.id}/start/1`)).stdout).toBe('one\n\x1b[31mtwo\n');
  });

  test('prints one stream when one is asked for, and times', async () => {
    const id = await run.task('start');
    await run.log(id, 'out\n');
    await run.log(id, 'err\n', { stream: 'stderr' });
    expect(await logs(run.pathspec, '--stdout')).toMatchObject({ stdout: '[start/1] out\n', stderr: '' });
    expect(await logs(run.pathspec, '--stderr')).toMatchObject({ stdout: '', stderr: '[start/1] err\n' });
    const { stdout } = await logs(`${run.id}/start`, '--stdout', '--timestamps');
    expect(stdout).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[start\/1\] out\n$/);
  });

  test('prints the last lines of all tasks together', async () => {
    await run.log(await run.task('start'), 'a\nb\nc\n');
    await run.log(await run.task('fit'), 'd\n');
    await run.log(await run.task('end'), '');
    expect((await logs(run.pathspec, '--tail=2')).stdout).toBe('[start/1] c\n[fit/2] d\n');
    expect((await logs(run.pathspec, '--tail=0')).stdout).toBe('');
    expect((await logs(run.pathspec, '--tail=9')).stdout.split('\n')).toHaveLength(5);
  });

  test('prints no more than the last lines of tasks that are running', async () => {
    for (const step of ['fit', 'score', 'plot']) {
      const id = await run.start(step);
      await run.log(id, 'a\nb\n');
      await run.log(id, 'c\n', { stream: 'stderr' });
    }
    const { stdout, stderr } = await logs(run.pathspec, '--tail=1');
    expect(stdout + stderr).toMatch(/^\[plot\/3\] \w\n$/);
    expect(await logs(run.pathspec, '--tail=0')).toMatchObject({ stdout: '', stderr: '' });
  });

  test('prints the attempt that is asked for, of the tasks that had it', async () => {
    await run.log(await run.task('start'), 'start\n');
    const id = await run.start('fit');
    await run.log(id, 'first\n');
    await run.fail(id, 'busy');
    await run.writer.startAttempt(id, 1, 4711);
    await run.log(id, 'second\n', { attempt: 1 });
    await run.finish(id, { attempt: 1 });
    expect((await logs(run.pathspec, '--attempt=1')).stdout).toBe('[fit/2] second\n');
    expect((await logs(run.pathspec, '--attempt=0')).stdout).toBe('[start/1] start\n[fit/2] first\n');
    expect(await logs(run.pathspec, '--attempt=2')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('has no attempt 2\nIt has only attempt 0.'),
    });
  });

  test('prints an object for each line with --json', async () => {
    await run.log(await run.task('start'), 'one\n');
    expect(jsonLines((await logs(run.pathspec, '--json')).stdout)).toEqual([
      { time: expect.any(String), pathspec: `${run.pathspec}/start/1`, stream: 'stdout', text: 'one' },
    ]);
  });

  test('names the step that was probably meant', async () => {
    await run.task('start');
    expect(await logs(`${run.pathspec}/strat`)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('Did you mean start?'),
    });
  });

  test('follows the attempts of a task one after the other, however far behind it is', async () => {
    const start = await run.task('start');
    await run.log(start, 'one\n');
    const { called, stdout } = follow(run.pathspec);
    await until(() => stdout().includes('[start/1] one'));
    const fit = await run.start('fit');
    await run.log(fit, 'first\n'.repeat(100_000));
    await run.finish(fit, { state: { status: 'failed', reason: { kind: 'exit', exitCode: 1 } }, isRetried: true });
    await run.writer.startAttempt(fit, 1, 4711);
    await run.log(fit, 'second\n', { attempt: 1 });
    await run.finish(fit, { attempt: 1 });
    await run.writer.finish({ status: 'successful' });
    const lines = (await called).stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(100_002);
    expect(lines.at(-1)).toBe('[fit/2] second');
  });

  test('follows a run through its tasks and attempts to its end', async () => {
    const start = await run.start('start');
    const file = await run.log(start, 'one\n');
    const { called, stdout } = follow(run.pathspec);
    await until(() => stdout().includes('[start/1] one'));
    await appendFile(file, 'two\n');
    await until(() => stdout().includes('[start/1] two'));
    await run.finish(start);
    const fit = await run.start('fit');
    await run.log(fit, 'first\n');
    await run.finish(fit, { state: { status: 'failed', reason: { kind: 'exit', exitCode: 1 } }, isRetried: true });
    await run.writer.startAttempt(fit, 1, 4711);
    await run.log(fit, 'second\n', { attempt: 1 });
    await until(() => stdout().includes('[fit/2] second'));
    await run.finish(fit, { attempt: 1 });
    await run.writer.finish({ status: 'successful' });
    expect(await called).toEqual({
      status: 0,
      signal: null,
      stdout: '[start/1] one\n[start/1] two\n[fit/2] first\n[fit/2] second\n',
      stderr: '',
    });
  });

  test('follows one task to its end, though the run goes on', async () => {
    const id = await run.start('start');
    await run.log(id, 'one\n');
    const { called, stdout } = follow(`${run.pathspec}/start/${id}`);
    await until(() => stdout() === 'one\n');
    await run.finish(id);
    expect(await called).toMatchObject({ status: 0, stdout: 'one\n' });
  });

  test('waits for a step that has not started, and says so when it never does', async () => {
    const start = await run.start('start');
    await run.log(start, 'one\n');
    const [fit, none] = [follow(`${run.pathspec}/fit`), follow(`${run.pathspec}/fitt`)];
    await run.finish(start);
    await run.log(await run.task('fit'), 'two\n');
    await until(() => fit.stdout() === '[fit/2] two\n');
    await run.writer.finish({ status: 'successful' });
    expect(await fit.called).toMatchObject({ status: 0, stdout: '[fit/2] two\n' });
    expect(await none.called).toMatchObject({ status: 1, stderr: expect.stringContaining('Did you mean fit?') });
  });

  test('says so when the attempt that was named never comes, and has waited for it', async () => {
    const start = await run.start('start');
    await run.log(start, 'one\n');
    const followed = ['--attempt=1', '--attempt=3'].map((attempt) => follow(run.pathspec, attempt, '--tail=5'));
    const ofTask = follow(`${run.pathspec}/start/${start}`, '--attempt=3');
    const reason = { kind: 'exit', exitCode: 1 } as const;
    await run.finish(start, { state: { status: 'failed', reason }, isRetried: true });
    await run.writer.startAttempt(start, 1, 4711);
    await run.log(start, 'again\n', { attempt: 1 });
    await until(() => followed[0]?.stdout() === '[start/1] again\n');
    await run.finish(start, { attempt: 1 });
    await run.writer.finish({ status: 'successful' });
    expect(await followed[0]?.called).toMatchObject({ status: 0, stdout: '[start/1] again\n', stderr: '' });
    const past = await logs(run.pathspec, '--attempt=3');
    expect(past).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('start/1 has no attempt 3\n'),
    });
    expect(await followed[1]?.called).toEqual(past);
    expect(await ofTask.called).toEqual(past);
  });

  test('says what it waits for when there is no such step or task yet', async () => {
    await run.start('start');
    const [step, task] = [follow(`${run.pathspec}/fitt`), follow(`${run.pathspec}/start/9`)];
    const ended = `${run.pathspec} has ended`;
    await until(
      () => step.stderr() === `${run.pathspec} has no step fitt yet: waiting for it until the run has ended.\n`,
    );
    await until(() => task.stderr() === `The step start has no task 9 yet: waiting for it until ${ended}.\n`);
    await run.finish('1');
    await run.writer.finish({ status: 'successful' });
    expect(await step.called).toMatchObject({ status: 1, stderr: expect.stringContaining('Error: ') });
    expect(await task.called).toMatchObject({ status: 1, stderr: expect.stringContaining('has no task 9\n') });
  });

  test('looks into the flow script for a step that there is not yet', async () => {
    using folder = flowFolder(
      'class Sample extends FlowSpec { start = step(() => this.next(this.end)); end = step(() => {}); }',
    );
    const command = [process.execPath, folder.script, 'run'];
    const other = await seeded.run({ flow: 'Sample', command });
    await other.start('start');
    const known = startRaceway(['logs', '-f', 'Sample/end', '--home', seeded.path], { cwd: folder.path });
    const unknown = startRaceway(['logs', '-f', 'Sample/endd', '--home', seeded.path], { cwd: folder.path });
    await until(() => known.stderr().endsWith('has no step end yet: waiting for it until the run has ended.\n'));
    await until(() => unknown.stderr().endsWith('Its flow has none either now. Did you mean end?\n'));
    await other.finish('1');
    await other.task('end');
    await other.writer.finish({ status: 'successful' });
    expect((await known.called).status).toBe(0);
    expect((await unknown.called).status).toBe(1);
  });

  test('ends with what a task threw, and with why the run did not succeed', async () => {
    const id = await run.start('start');
    await run.log(id, 'one\n');
    const followed = follow(run.pathspec);
    await until(() => followed.stdout() === '[start/1] one\n');
    await run.fail(id, 'no such file');
    await until(() => followed.stderr().includes('train.ts:3:1'));
    const killed = await run.start('fit');
    await run.finish(killed, { state: { status: 'failed', reason: { kind: 'signal', signalCode: 'SIGKILL' } } });
    const failed = { kind: 'task', pathspec: `${run.pathspec}/start/1`, message: 'no such file' } as const;
    await run.writer.finish({ status: 'failed', reason: failed });
    const thrown =
      '[start/1] Error: no such file\n[start/1] Error: no such file\n[start/1]     at start (train.ts:3:1)\n';
    const ended = '[fit/2] It failed: its process was ended by SIGKILL\n';
    const why =
      `${run.pathspec} did not succeed: ${run.pathspec}/start/1 failed: no such file\n` +
      `See why: raceway --home=${seeded.path} why ${run.pathspec}\n`;
    const whole = { status: 0, stdout: '[start/1] one\n', stderr: `${thrown}${ended}${why}` };
    expect(await followed.called).toMatchObject(whole);
    expect(await logs(run.pathspec)).toMatchObject(whole);
    expect((await logs(`${run.pathspec}/start/1`)).stderr).toBe(thrown.replaceAll('[start/1] ', ''));
    expect((await logs(`${run.pathspec}/start/1`, '--stdout')).stderr).toBe('');
    expect(await logs(run.pathspec, '--json')).toMatchObject({ stderr: '' });
  });

  test('tells of a retried task what its last attempt threw, once', async () => {
    const id = await run.start('start');
    await run.log(id, 'one\n');
    const followed = follow(run.pathspec);
    await until(() => followed.stdout() === '[start/1] one\n');
    const state = { status: 'failed', reason: { kind: 'exception', message: 'busy' } } as const;
    await run.finish(id, { state, exception: { name: 'Error', message: 'busy', stack: '' }, isRetried: true });
    await run.writer.startAttempt(id, 1, 4711);
    await run.finish(id, { state, exception: { name: 'Error', message: 'still busy', stack: '' }, attempt: 1 });
    await run.writer.finish({ status: 'failed', reason: { kind: 'killed' } });
    const { stderr } = await followed.called;
    expect(stderr.split('\n').slice(0, 2)).toEqual(['[start/1] Error: still busy', expect.stringContaining('did not')]);
    expect((await logs(run.pathspec, '--attempt=0')).stderr).not.toContain('busy');
  });

  test('starts to follow with the last lines', async () => {
    const ended = await run.task('start');
    await run.log(ended, 'a\nb\n');
    const id = await run.start('fit');
    const file = await run.log(id, 'c\nd\ne');
    const { called, stdout } = follow(run.pathspec, '--tail=2');
    await until(() => stdout().includes('[fit/2] d'));
    await appendFile(file, 'e\nf\n');
    await until(() => stdout().includes('[fit/2] f'));
    await run.finish(id);
    await run.writer.finish({ status: 'successful' });
    expect((await called).stdout).toBe('[fit/2] d\n[fit/2] ee\n[fit/2] f\n');
  });
});
