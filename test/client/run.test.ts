import { DatabaseSync } from 'node:sqlite';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NotFoundError } from '../../src/core/errors.ts';
import { ownIdentity } from '../../src/process/identity.ts';
import { databaseFile } from '../../src/store/home-folder.ts';
import { deadProcess, idleProcess, SeededHome } from './seeded-home.ts';

let seeded: SeededHome;

beforeEach(async () => {
  seeded = await SeededHome.make();
});

afterEach(async () => {
  await seeded[Symbol.asyncDispose]();
});

async function rejection(promise: PromiseLike<unknown> | undefined): Promise<NotFoundError> {
  return (await Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  )) as NotFoundError;
}

describe('a run', () => {
  test('says what it was started with', async () => {
    const origin = await seeded.run();
    const { pathspec, id } = await seeded.run({
      userTags: ['b', 'a'],
      originRunId: origin.id,
      values: { seconds: 3, since: new Date(0) },
    });
    const run = await seeded.home.run(pathspec);
    expect(run).toMatchObject({
      id,
      flowName: 'TrainFlow',
      pathspec,
      user: 'ada',
      userTags: ['a', 'b'],
      systemTags: ['user:ada'],
      tags: ['user:ada', 'a', 'b'],
      originRunId: origin.id,
      command: ['node', 'flows/train.ts', 'run'],
      parameters: { seconds: 3, since: new Date(0) },
      status: 'running',
      reason: undefined,
      successful: false,
      finished: false,
      finishedAt: undefined,
    });
    expect(run.createdAt).toBeInstanceOf(Date);
  });

  test('is as it was read until it is refreshed', async () => {
    const { pathspec, writer } = await seeded.run();
    const run = await seeded.home.run(pathspec);
    await writer.finish({ status: 'successful' });
    expect(run).toMatchObject({ status: 'running', finished: false });
    await run.refresh();
    expect(run).toMatchObject({ status: 'successful', successful: true, finished: true });
    expect(run.finishedAt).toBeInstanceOf(Date);
  });

  test('has no steps before one has started', async () => {
    const { pathspec } = await seeded.run();
    expect(await Array.fromAsync(await seeded.home.run(pathspec))).toEqual([]);
  });

  test('lists steps and tasks newest first', async () => {
    const seed = await seeded.run();
    await seed.task('start');
    await seed.task('work');
    await seed.task('work');
    await seed.task('end');
    const run = await seeded.home.run(seed.pathspec);
    expect((await Array.fromAsync(run)).map(({ id }) => id)).toEqual(['end', 'work', 'start']);
    expect((await Array.fromAsync(run.steps())).map(({ id }) => id)).toEqual(['end', 'work', 'start']);
    expect((await Array.fromAsync(run.tasks())).map(({ id }) => id)).toEqual(['4', '3', '2', '1']);
    expect((await run.endTask())?.pathspec).toBe(`${seed.pathspec}/end/4`);
  });

  test('has no end task before that has started', async () => {
    const seed = await seeded.run();
    await seed.task('start');
    expect(await (await seeded.home.run(seed.pathspec)).endTask()).toBeUndefined();
  });

  test('prints pathspec, status and reason', async () => {
    const seed = await seeded.run();
    const run = await seeded.home.run(seed.pathspec);
    expect(inspect(run)).toBe(`Run ${seed.pathspec} (running)`);
    expect(String(run)).toBe(seed.pathspec);
    await seed.writer.finish({ status: 'failed', reason: { kind: 'signal', signalCode: 'SIGKILL' } });
    await run.refresh();
    expect(inspect({ run })).toBe(`{\n  run: Run ${seed.pathspec} (failed: its process was ended by SIGKILL)\n}`);
  });
});

describe('a run whose process is gone', () => {
  test('is failed and lost, with its tasks and steps', async () => {
    const { identity, end } = await idleProcess();
    const seed = await seeded.run({ process: identity });
    await seed.start('start');
    const run = await seeded.home.run(seed.pathspec);
    expect(run.status).toBe('running');
    await end();
    await run.refresh();
    expect(run).toMatchObject({ status: 'failed', reason: { kind: 'lost' }, finished: true });
    expect(run.finishedAt).toBeInstanceOf(Date);
    const [task] = await Array.fromAsync(run.tasks());
    expect(task).toMatchObject({ status: 'failed', reason: { kind: 'lost' }, finished: true });
    expect(task?.attempts).toMatchObject([{ number: 0, status: 'failed', reason: { kind: 'lost' } }]);
    expect((await seeded.home.step(`${seed.pathspec}/start`)).finished).toBe(true);
    expect((await run.failedTask())?.id).toBe('1');
  });

  test('keeps the end that it recorded itself', async () => {
    const seed = await seeded.run({ process: await deadProcess() });
    await seed.writer.finish({ status: 'successful' });
    expect((await seeded.home.run(seed.pathspec)).status).toBe('successful');
  });

  test('is lost when it runs on another machine and was not heard of for more than a minute', async () => {
    const seed = await seeded.run({ process: { ...ownIdentity(), host: 'another-machine' } });
    const run = await seeded.home.run(seed.pathspec);
    expect(run.status).toBe('running');
    const database = new DatabaseSync(databaseFile(seeded.path));
    database.exec('UPDATE run SET heartbeat_at = heartbeat_at - 61000');
    database.close();
    await run.refresh();
    expect(run.reason).toEqual({ kind: 'lost' });
  });
});

describe('the data of a run', () => {
  test('is that of its end task', async () => {
    const seed = await seeded.run();
    await seed.task('start', { model: 'draft' });
    await seed.task('end', { model: new Map([['w', 1]]), score: 0.5 });
    const run = await seeded.home.run(seed.pathspec);
    expect(await run.data['model']).toEqual(new Map([['w', 1]]));
    expect(await run.load('model', 'score')).toEqual({ model: new Map([['w', 1]]), score: 0.5 });
    expect((await Array.fromAsync(run.artifacts())).map(({ name }) => name)).toEqual(['model', 'score']);
  });

  test('has the parameters too, also while the run goes on', async () => {
    const seed = await seeded.run({ values: { seconds: 3 } });
    const run = await seeded.home.run(seed.pathspec);
    expect(await run.data['seconds']).toBe(3);
    await seed.task('end', { model: 1 });
    expect(await run.load('seconds', 'model')).toEqual({ seconds: 3, model: 1 });
  });

  test('is read anew while the end task is not done', async () => {
    const seed = await seeded.run();
    const end = await seed.start('end');
    const run = await seeded.home.run(seed.pathspec);
    await expect(run.data['model']).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await seed.finish(end, { values: { model: 1 } });
    expect(await run.data['model']).toBe(1);
  });

  test('loads a large artifact from its file', async () => {
    const seed = await seeded.run();
    const weights = new Float64Array(100_000).fill(0.25);
    await seed.task('end', { weights });
    expect(await (await seeded.home.run(seed.pathspec)).data['weights']).toEqual(weights);
  });

  test('names the nearest artifact when one does not exist', async () => {
    const seed = await seeded.run();
    await seed.task('end', { model: 1 });
    const run = await seeded.home.run(seed.pathspec);
    const error = await rejection(run.data['modle']);
    expect(error.pathspec).toBe(`${seed.pathspec}/modle`);
    expect(error.message).toBe(`${seed.pathspec} has no artifact modle\nDid you mean model?`);
    expect(await rejection(run.load('model', 'zzz'))).toMatchObject({
      message: expect.stringContaining('There is model'),
    });
  });

  test('says that the run goes on when the end task has not finished', async () => {
    const seed = await seeded.run();
    await seed.task('start', { model: 1 });
    const error = await rejection((await seeded.home.run(seed.pathspec)).data['model']);
    expect(error.message).toBe(
      `cannot read the artifact model of ${seed.pathspec}: its end task has not finished\n` +
        `Wait for the run (watch() ends when it does), or read what a task left, as in (await home.task('${seed.pathspec}/start/1')).data.model.`,
    );
  });

  test('says why there is no end task when the run failed before', async () => {
    const seed = await seeded.run();
    await seed.writer.finish({ status: 'failed', reason: { kind: 'killed' } });
    const error = await rejection((await seeded.home.run(seed.pathspec)).data['model']);
    expect(error.message).toBe(
      `cannot read the artifact model of ${seed.pathspec}: the run ended before its end task did (it was ended on request)\nResume the run.`,
    );
  });

  test('is not thenable and prints well', async () => {
    const seed = await seeded.run();
    const { data } = await seeded.home.run(seed.pathspec);
    expect(data['then']).toBeUndefined();
    expect(await Promise.resolve(data)).toBe(data);
    expect(inspect(data)).toBe(`Data ${seed.pathspec}`);
    expect(String(data as unknown)).toBe(`Data ${seed.pathspec}`);
  });

  test('says so when the content of an artifact is damaged', async () => {
    const seed = await seeded.run();
    await seed.task('end', { model: 'x' });
    const database = new DatabaseSync(databaseFile(seeded.path));
    database.exec(`UPDATE blob SET bytes = X'00'`);
    database.close();
    await expect((await seeded.home.run(seed.pathspec)).data['model']).rejects.toMatchObject({ code: 'ARTIFACT' });
  });
});

describe('the failed task of a run', () => {
  test('is the one that the run names as its reason', async () => {
    const seed = await seeded.run();
    const first = await seed.start('work');
    const second = await seed.start('work');
    await seed.fail(first, 'first');
    await seed.fail(second, 'second');
    const pathspec = `${seed.pathspec}/work/${second}`;
    await seed.writer.finish({ status: 'failed', reason: { kind: 'task', pathspec, message: 'second' } });
    const task = await (await seeded.home.run(seed.pathspec)).failedTask();
    expect(task?.pathspec).toBe(pathspec);
    expect(task?.exception).toMatchObject({ name: 'Error', message: 'second' });
  });

  test('is none when tasks were only stopped', async () => {
    const seed = await seeded.run();
    await seed.start('work');
    await seeded.home.recordEnd(seed.pathspec, { status: 'failed', reason: { kind: 'killed' } });
    expect(await (await seeded.home.run(seed.pathspec)).failedTask()).toBeUndefined();
  });
});

describe('the tags of a run', () => {
  test('are added, removed and replaced', async () => {
    const { pathspec } = await seeded.run({ userTags: ['old'] });
    const run = await seeded.home.run(pathspec);
    await run.addTags(['x', 'y']);
    expect(run.userTags).toEqual(['old', 'x', 'y']);
    await run.removeTags('x');
    expect(run.userTags).toEqual(['old', 'y']);
    await run.replaceTags({ remove: ['old'], add: ['new'] });
    expect((await seeded.home.run(pathspec)).userTags).toEqual(['new', 'y']);
  });

  test('change nothing when a system tag is added', async () => {
    const run = await seeded.home.run((await seeded.run()).pathspec);
    await run.addTags('user:ada');
    expect(run.userTags).toEqual([]);
  });

  test('cannot be taken off when they are system tags', async () => {
    const run = await seeded.home.run((await seeded.run({ userTags: ['x'] })).pathspec);
    await expect(run.replaceTags({ remove: ['user:ada'], add: ['y'] })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `cannot remove user:ada from ${run.pathspec}: a system tag stays\nThe user tags are x.`,
    });
    expect(run.userTags).toEqual(['x']);
  });

  test('are refused when empty, too long or too many', async () => {
    const run = await seeded.home.run((await seeded.run()).pathspec);
    const many = Array.from({ length: 50 }, (_, i) => `tag-${i}`);
    await expect(run.addTags('')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(run.addTags('x'.repeat(501))).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(run.addTags([...many, 'one more'])).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await run.addTags([...many, 'x'.repeat(500)].slice(1));
    expect(run.userTags).toHaveLength(50);
    await expect(run.addTags('one more')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await run.replaceTags({ remove: ['tag-1'], add: ['one more'] });
    expect(run.userTags).toHaveLength(50);
  });
});

describe('watching a run', () => {
  test('gives what happened, then what happens, and ends with the run', async () => {
    const seed = await seeded.run();
    const task = await seed.start('start');
    const run = await seeded.home.run(seed.pathspec);
    const seen: string[] = [];
    for await (const event of run.watch()) {
      seen.push(`${event.type} ${event.sequence} ${run.status}`);
      if (event.type === 'task-started') await seed.finish(task);
      if (event.type === 'task-succeeded') setTimeout(() => void seed.writer.finish({ status: 'successful' }), 30);
    }
    expect(seen).toEqual([
      'run-started 1 running',
      'task-started 2 running',
      'task-succeeded 3 running',
      'run-finished 4 successful',
    ]);
  });

  test('wakes when something happened', async () => {
    const seed = await seeded.run();
    const run = await seeded.home.run(seed.pathspec);
    const events = run.watch();
    await events.next();
    const next = events.next();
    await seed.start('start');
    expect((await next).value).toMatchObject({ type: 'task-started' });
    await events.return?.();
  });

  test('ends when the process of the run is gone', async () => {
    const { identity, end } = await idleProcess();
    const seed = await seeded.run({ process: identity });
    const run = await seeded.home.run(seed.pathspec);
    const types: string[] = [];
    for await (const event of run.watch()) {
      types.push(event.type);
      await end();
    }
    expect(types).toEqual(['run-started']);
    expect(run.reason).toEqual({ kind: 'lost' });
  });

  test('ends with the reason of the signal when that is aborted', async () => {
    const run = await seeded.home.run((await seeded.run()).pathspec);
    const controller = new AbortController();
    const watching = Array.fromAsync(run.watch({ signal: controller.signal }));
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(watching).rejects.toThrow('enough');
  });

  test('can be left while it waits', async () => {
    const run = await seeded.home.run((await seeded.run()).pathspec);
    const events = run.watch();
    await events.next();
    const next = events.next();
    await events.return?.();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
