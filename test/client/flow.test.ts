import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Flow, RunsOptions } from '../../src/client/flow.ts';
import { deadProcess, SeededHome } from './seeded-home.ts';

let seeded: SeededHome;
let flow: Flow;

beforeEach(async () => {
  seeded = await SeededHome.make();
  flow = seeded.home.flow('TrainFlow');
});

afterEach(async () => {
  await seeded[Symbol.asyncDispose]();
});

async function ids(options?: RunsOptions): Promise<string[]> {
  return (await Array.fromAsync(flow.runs(options))).map(({ id }) => id);
}

describe('the runs of a flow', () => {
  test('come newest first', async () => {
    const runs = [await seeded.run(), await seeded.run(), await seeded.run()];
    expect(await ids()).toEqual(runs.map(({ id }) => id).toReversed());
    expect((await Array.fromAsync(flow)).map(({ id }) => id)).toEqual(await ids());
  });

  test('keep their order and their times when tags change', async () => {
    const old = await seeded.run();
    await seeded.run();
    const before = await ids();
    const run = await seeded.home.run(old.pathspec);
    const { createdAt } = run;
    await run.addTags('nightly');
    expect(await ids()).toEqual(before);
    expect(run.createdAt).toEqual(createdAt);
  });

  test('are those that have all tags', async () => {
    const both = await seeded.run({ userTags: ['nightly', 'gpu'] });
    await seeded.run({ userTags: ['nightly'] });
    expect(await ids({ tags: ['nightly', 'gpu'] })).toEqual([both.id]);
    expect(await ids({ tags: ['nightly', 'user:ada', 'gpu'] })).toEqual([both.id]);
    expect(await ids({ tags: ['weekly'] })).toEqual([]);
  });

  test('are those of one user when that is asked for', async () => {
    await seeded.run({ user: 'ada' });
    const grace = await seeded.run({ user: 'grace' });
    expect(await ids({ user: 'grace' })).toEqual([grace.id]);
  });

  test('are those since a time when that is asked for', async () => {
    const run = await seeded.run();
    const { createdAt } = await seeded.home.run(run.pathspec);
    expect(await ids({ since: createdAt })).toEqual([run.id]);
    expect(await ids({ since: new Date(createdAt.getTime() + 1) })).toEqual([]);
  });

  test('are as many as the limit at most', async () => {
    await seeded.run();
    const last = await seeded.run();
    expect(await ids({ limit: 1 })).toEqual([last.id]);
    expect(await ids({ limit: 0 })).toEqual([]);
  });

  test('come page by page when there are many', async () => {
    for (let i = 0; i < 250; i++) await seeded.run({ userTags: [i % 2 === 0 ? 'even' : 'odd'] });
    expect(new Set(await ids()).size).toBe(250);
    expect(await ids({ tags: ['odd'] })).toHaveLength(125);
    expect(await ids({ limit: 101 })).toHaveLength(101);
  });

  test('are those in a state when that is asked for', async () => {
    const running = await seeded.run();
    const good = await seeded.run();
    await good.writer.finish({ status: 'successful' });
    const bad = await seeded.run();
    await bad.writer.finish({ status: 'failed', reason: { kind: 'killed' } });
    expect(await ids({ status: 'running' })).toEqual([running.id]);
    expect(await ids({ status: 'successful' })).toEqual([good.id]);
    expect(await ids({ status: ['successful', 'failed'] })).toEqual([bad.id, good.id]);
    expect(await ids({ status: [] })).toEqual([]);
  });

  test('are failed when they are recorded as running and their process is gone', async () => {
    const lost = await seeded.run({ process: await deadProcess() });
    const running = await seeded.run();
    expect(await ids({ status: 'failed' })).toEqual([lost.id]);
    expect(await ids({ status: 'running' })).toEqual([running.id]);
    expect(await ids({ status: 'failed', limit: 1 })).toEqual([lost.id]);
  });

  test('are refused when the limit, the date, the status or the kind makes no sense', () => {
    expect(() => flow.runs({ limit: -1 })).toThrow(RangeError);
    expect(() => flow.runs({ limit: 1.5 })).toThrow(RangeError);
    expect(() => flow.runs({ since: new Date('x') })).toThrow(RangeError);
    expect(() => flow.runs({ status: 'succesful' as 'successful' })).toThrow(/there is no status succesful/);
    expect(() => flow.runs({ kind: 'spun' as 'spin' })).toThrow(/there is no kind spun/);
  });
});

describe('a flow', () => {
  test('knows its latest and its latest successful run', async () => {
    const good = await seeded.run();
    await good.writer.finish({ status: 'successful' });
    const latest = await seeded.run();
    expect((await flow.latestRun())?.id).toBe(latest.id);
    expect((await flow.latestSuccessfulRun())?.id).toBe(good.id);
  });

  test('has no latest successful run when none was successful', async () => {
    await seeded.run();
    expect(await flow.latestSuccessfulRun()).toBeUndefined();
  });

  test('knows when it was made once it was read', async () => {
    await seeded.run();
    expect(flow.createdAt).toBeUndefined();
    expect((await flow.refresh()).createdAt).toBeInstanceOf(Date);
  });

  test('prints its name', () => {
    expect(inspect(flow)).toBe('Flow TrainFlow');
    expect(String(flow)).toBe('TrainFlow');
  });
});
