import { appendFile, rm, truncate } from 'node:fs/promises';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TaskLogLine } from '../../src/client/log-lines.ts';
import type { Task } from '../../src/client/task.ts';
import { logTimesFile } from '../../src/store/home-folder.ts';
import { deadProcess, SeededHome, type SeededRun } from './seeded-home.ts';

let seeded: SeededHome;
let seed: SeededRun;

beforeEach(async () => {
  seeded = await SeededHome.make();
  seed = await seeded.run();
});

afterEach(async () => {
  await seeded[Symbol.asyncDispose]();
});

function read(taskId: string, step = 'start', run = seed): Promise<Task> {
  return seeded.home.task(`${run.pathspec}/${step}/${taskId}`);
}

async function texts(task: Task, options?: { attempt?: number; follow?: boolean }): Promise<string[]> {
  return (await Array.fromAsync(task.logLines('stdout', options))).map(({ text }) => text);
}

describe('a task', () => {
  test('says where it stands', async () => {
    const id = await seed.start('start', { frames: [{ split: '1', slot: 3, count: 4, name: 'start', item: '[1]' }] });
    const task = await read(id);
    expect(task).toMatchObject({
      id,
      stepName: 'start',
      status: 'running',
      finished: false,
      successful: false,
      index: 3,
    });
    expect(task.finishedAt).toBeUndefined();
    await seed.finish(id);
    expect(task.finished).toBe(false);
    await task.refresh();
    expect(task).toMatchObject({ status: 'successful', finished: true, successful: true, reason: undefined });
    expect(task.finishedAt).toBeInstanceOf(Date);
  });

  test('has the item of its innermost foreach', async () => {
    const outer = { split: '1', slot: 0, count: 1, name: 'start', item: '["outer"]' };
    const branch = { split: '2', slot: 1, count: 2, name: 'fit' };
    const inside = await seed.start('fit', { frames: [outer, branch] });
    const outside = await seed.start('start');
    expect((await read(inside, 'fit')).item).toBe('outer');
    expect((await read(outside)).item).toBeUndefined();
  });

  test('tells the parameters that it read once that is known', async () => {
    const id = await seed.start('start');
    const task = await read(id);
    expect(task.parametersRead).toBeUndefined();
    await seed.finish(id, { reads: { parameters: ['rate'] } });
    expect((await task.refresh()).parametersRead).toEqual(['rate']);
  });

  test('says why it failed', async () => {
    const id = await seed.start('start');
    await seed.fail(id, 'no such file');
    const task = await read(id);
    expect(task.reason).toEqual({ kind: 'exception', message: 'no such file' });
    expect(task.exception?.stack).toContain('train.ts:3');
    expect(inspect(task)).toBe(`Task ${seed.pathspec}/start/1 (failed: no such file)`);
  });

  test('gives the lines that are there without waiting for more', async () => {
    const id = await seed.start('start');
    await seed.log(id, 'one\ntwo');
    const lines = await Array.fromAsync((await read(id)).logLines('stdout', { follow: false }));
    expect(lines.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(await Array.fromAsync((await read(id)).logLines('stderr', { follow: false }))).toEqual([]);
  });

  test('lists its attempts', async () => {
    const id = await seed.start('start');
    await seed.fail(id, 'busy');
    await seed.writer.startAttempt(id, 1, 4712);
    const task = await read(id);
    expect(task.attempts).toMatchObject([
      { number: 0, status: 'failed', reason: { kind: 'exception', message: 'busy' } },
      { number: 1, status: 'running', finishedAt: undefined },
    ]);
    expect(task.attempts[0]?.finishedAt).toBeInstanceOf(Date);
    expect(task.status).toBe('running');
  });

  test('knows the tasks before and after it', async () => {
    const start = await seed.task('start');
    const left = await seed.task('work', {}, { parentIds: [start] });
    const right = await seed.task('work', {}, { parentIds: [start] });
    const join = await seed.task('end', {}, { parentIds: [left, right] });
    const children = await Array.fromAsync((await read(start)).childTasks());
    expect(children.map(({ id }) => id)).toEqual([left, right]);
    const parents = await Array.fromAsync((await read(join, 'end')).parentTasks());
    expect(parents.map(({ id }) => id)).toEqual([left, right]);
    expect(await Array.fromAsync((await read(start)).parentTasks())).toEqual([]);
  });

  test('gives its artifacts', async () => {
    const id = await seed.task('start', { model: new Map([[1, 2]]), words: ['a'] });
    const artifacts = await Array.fromAsync(await read(id));
    expect(artifacts.map(({ name, type }) => [name, type])).toEqual([
      ['model', 'Map'],
      ['words', 'Array'],
    ]);
    const [model] = artifacts;
    expect(await model?.value()).toEqual(new Map([[1, 2]]));
    expect(model?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(model?.pathspec).toBe(`${seed.pathspec}/start/1/model`);
    expect(inspect(model)).toBe(`Artifact ${seed.pathspec}/start/1/model (Map, ${model?.sizeBytes} bytes)`);
  });

  test('loads artifacts by name', async () => {
    const task = await read(await seed.task('start', { a: 1, b: 2n }));
    expect(await task.data['a']).toBe(1);
    expect(await task.load('a', 'b')).toEqual({ a: 1, b: 2n });
    await expect(task.data['c1']).rejects.toMatchObject({
      code: 'NOT_FOUND',
      pathspec: `${task.pathspec}/c1`,
      message: `${task.pathspec} has no artifact c1\nDid you mean a?`,
    });
  });

  test('has the artifacts of the later attempt when it is tried again', async () => {
    const id = await seed.start('start');
    await seed.fail(id, 'busy');
    const task = await read(id);
    await expect(task.data['a']).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await seed.writer.startAttempt(id, 1, 4712);
    await seed.finish(id, { attempt: 1, values: { a: 1 } });
    expect(await task.data['a']).toBe(1);
  });
});

describe('a step', () => {
  test('gives its tasks newest first', async () => {
    await seed.task('start');
    await seed.start('start');
    const step = await seeded.home.step(`${seed.pathspec}/start`);
    expect((await Array.fromAsync(step)).map(({ id }) => id)).toEqual(['2', '1']);
    expect((await step.task()).stepName).toBe('start');
    expect(inspect(step)).toBe(`Step ${seed.pathspec}/start (running)`);
  });

  test('is finished when its tasks are', async () => {
    const id = await seed.start('start');
    const step = await seeded.home.step(`${seed.pathspec}/start`);
    expect(step).toMatchObject({ id: 'start', finished: false, finishedAt: undefined });
    await seed.finish(id);
    await step.refresh();
    expect(step.finished).toBe(true);
    expect(step.finishedAt).toBeInstanceOf(Date);
  });
});

describe('the log of a task', () => {
  test('is there as it was written', async () => {
    const id = await seed.task('start');
    await seed.log(id, '  indented\nüß\n');
    await seed.log(id, 'careful\n', { stream: 'stderr' });
    const task = await read(id);
    expect(await task.stdout()).toBe('  indented\nüß\n');
    expect(await task.stderr()).toBe('careful\n');
  });

  test('is empty when nothing was written', async () => {
    const task = await read(await seed.task('start'));
    expect(await task.stdout()).toBe('');
    expect(await texts(task)).toEqual([]);
  });

  test('is that of the latest attempt unless another is asked for', async () => {
    const id = await seed.start('start');
    await seed.fail(id, 'busy');
    await seed.writer.startAttempt(id, 1, 4712);
    await seed.finish(id, { attempt: 1 });
    await seed.log(id, 'first\n');
    await seed.log(id, 'second\n', { attempt: 1 });
    const task = await read(id);
    expect(await task.stdout()).toBe('second\n');
    expect(await task.stdout({ attempt: 0 })).toBe('first\n');
    expect(await texts(task, { attempt: 0 })).toEqual(['first']);
    await expect(task.stdout({ attempt: 7 })).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${task.pathspec} has no attempt 7\nIts attempts are 0, 1.`,
    });
  });

  test('is that of the first origin when the task was cloned', async () => {
    const id = await seed.start('start');
    await seed.fail(id, 'busy');
    await seed.writer.startAttempt(id, 1, 4712);
    await seed.finish(id, { attempt: 1, values: { a: 1 } });
    await seed.log(id, 'from the origin\n', { attempt: 1 });
    const second = await seeded.run({ originRunId: seed.id });
    const clone = { step: 'start', sourceSha256: '', parentIds: [], frames: [] };
    await second.writer.cloneTasks(seed.id, [{ ...clone, originTaskId: id, taskId: '5' }]);
    const third = await seeded.run({ originRunId: second.id });
    await third.writer.cloneTasks(second.id, [{ ...clone, originTaskId: '5', taskId: '9' }]);
    const task = await read('9', 'start', third);
    expect(task.originPathspec).toBe(`${second.pathspec}/start/5`);
    expect(await task.stdout()).toBe('from the origin\n');
    expect(await texts(task)).toEqual(['from the origin']);
    expect(await task.data['a']).toBe(1);
    expect(task.attempts).toMatchObject([{ number: 0, status: 'successful' }]);
  });

  test('says how much of it is there when somebody removed it or cut it off', async () => {
    const id = await seed.start('start');
    await seed.finish(id, { logBytes: { stdout: 8, stderr: 3 } });
    const file = await seed.log(id, 'one\ntwo\n');
    const gone = '[raceway: this log is gone: somebody removed or emptied it; it had 3 bytes]';
    const task = await read(id);
    expect(await task.stdout()).toBe('one\ntwo\n');
    expect(await texts(task)).toEqual(['one', 'two']);
    expect(await task.stderr()).toBe(`${gone}\n`);
    expect(await Array.fromAsync(task.logLines('stderr'))).toEqual([{ time: task.finishedAt, text: gone }]);
    await truncate(file, 6);
    const cut = '[raceway: only 6 of the 8 bytes of this log are there: somebody cut it off]';
    expect(await task.stdout()).toBe(`one\ntw\n${cut}\n`);
    expect(await texts(task)).toEqual(['one', 'tw', cut]);
    expect(await texts(task, { follow: false })).toEqual(['one', 'tw', cut]);
    await appendFile(file, 'what outlived the task wrote\n');
    expect(await task.stdout()).toBe('one\ntwwhat outlived the task wrote\n');
  });

  test('is said to be gone also by a clone, after its origin was removed', async () => {
    const id = await seed.start('start');
    await seed.finish(id, { logBytes: { stdout: 4, stderr: 0 } });
    const file = await seed.log(id, 'one\n');
    const second = await seeded.run({ originRunId: seed.id });
    const clone = { step: 'start', sourceSha256: '', parentIds: [], frames: [] };
    await second.writer.cloneTasks(seed.id, [{ ...clone, originTaskId: id, taskId: id }]);
    await second.writer.finish({ status: 'successful' });
    await seed.writer.finish({ status: 'successful' });
    await seeded.store.removeRun('TrainFlow', seed.id);
    const task = await read(id, 'start', second);
    expect(await task.stdout()).toBe('one\n');
    await rm(file);
    expect(await task.stdout()).toContain('this log is gone: somebody removed or emptied it; it had 4 bytes');
    expect(await task.stderr()).toBe('');
  });

  test('has a line for each end of one, and for what is left', async () => {
    const id = await seed.task('start');
    await seed.log(id, 'a\r\n\nb\xe9\nlast');
    expect(await texts(await read(id))).toEqual(['a', '', 'bé', 'last']);
  });

  test('has lines that are longer than what is read at once', async () => {
    const id = await seed.task('start');
    const long = 'ö'.repeat(500_001);
    await seed.log(id, `x${long}\n${long}\nend\n`);
    expect(await texts(await read(id))).toEqual([`x${long}`, long, 'end']);
  });

  test('has the times at which the run process saw the lines', async () => {
    const id = await seed.task('start');
    const file = await seed.log(id, 'one\ntwo\nthree\n');
    await appendFile(logTimesFile(file), '0 1000\n8 2000\n');
    const lines = await Array.fromAsync((await read(id)).logLines('stdout'));
    expect(lines).toEqual([
      { text: 'one', time: new Date(1000) },
      { text: 'two', time: new Date(1000) },
      { text: 'three', time: new Date(2000) },
    ]);
  });

  test('has the time of its file when no times were recorded', async () => {
    const before = Date.now() - 1000;
    const id = await seed.task('start');
    await seed.log(id, 'one\n');
    const [line] = await Array.fromAsync((await read(id)).logLines('stdout'));
    expect(line?.time.getTime()).toBeGreaterThan(before);
  });

  test('gives lines as they come while the task runs', async () => {
    const id = await seed.start('start');
    const lines = (await read(id)).logLines('stdout');
    const first = lines.next();
    const file = await seed.log(id, 'one\ntw'); // neither the folder nor the file was there before
    await appendFile(logTimesFile(file), '0 1000\n');
    expect((await first).value).toMatchObject({ text: 'one' });
    const second = lines.next();
    const startedMs = Date.now();
    await appendFile(file, 'o\nthree\nrest');
    expect((await second).value).toMatchObject({ text: 'two' });
    const { value: third } = (await lines.next()) as IteratorYieldResult<TaskLogLine>;
    expect(third).toMatchObject({ text: 'three' });
    expect(third.time.getTime()).toBeGreaterThanOrEqual(startedMs);
    const fourth = lines.next();
    await seed.finish(id);
    expect((await fourth).value).toMatchObject({ text: 'rest' });
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  test('repeats nothing when it was cut because it grew too large', async () => {
    const id = await seed.start('start');
    const file = await seed.log(id, 'one\ntwo\n');
    const lines = (await read(id)).logLines('stdout');
    await lines.next();
    await lines.next();
    await truncate(file, 4);
    await seed.finish(id);
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  test('ends when the run process is gone', async () => {
    const lost = await seeded.run({ process: await deadProcess() });
    const id = await lost.start('start');
    await lost.log(id, 'last words');
    expect(await texts(await read(id, 'start', lost))).toEqual(['last words']);
  });

  test('ends with the reason of the signal when that is aborted', async () => {
    const task = await read(await seed.start('start'));
    const controller = new AbortController();
    const reading = Array.fromAsync(task.logLines('stdout', { signal: controller.signal }));
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});
