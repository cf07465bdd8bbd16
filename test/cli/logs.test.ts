import { appendFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SeededHome, type SeededRun } from '../client/seeded-home.ts';
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
      stderr: expect.stringContaining('has no attempt 2\nIts attempts are 0.'),
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
