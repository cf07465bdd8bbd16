import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { unlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/core/errors.ts';
import { marked } from '../../src/process/marked.ts';
import { CleanedUpError, FlowStartError, RunFailedError, StartTimeoutError } from '../../src/runner/errors.ts';
import type { MapOperationOptions, RunnerOptions } from '../../src/runner/runner-options.ts';
import { product } from '../../src/runner/product.ts';
import { Runner } from '../../src/runner/runner.ts';
import type { AnyFlow } from '../../src/core/flow-shape.ts';
import { puppet } from '../fixtures/puppet.ts';
import { type FlowFolder, flowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

// Its first step says that it began, its second waits for a file if it is told to, and says how it ended.
const SAMPLE = `
const there = (name: string) => existsSync(new URL(name, import.meta.url));
export class Sample extends FlowSpec.with({
  n: parameter.integer({ default: 0 }),
  hold: parameter.boolean({ default: false }),
  fails: parameter.boolean({ default: false }),
  mode: parameter.oneOf(['good', 'better'], { default: 'good' }),
}) {
  doubled = 0;
  start = step(() => {
    trace('began', String(this.n));
    this.next(this.work);
  });
  work = step(async () => {
    trace('log', '+' + this.n);
    console.log('row ' + this.n);
    while (this.hold && !there('go-' + this.n)) await sleep(5);
    if (this.fails || there('fail-' + this.n)) throw new Error('asked to');
    this.doubled = 2 * this.n;
    trace('log', '-' + this.n);
    this.next(this.end);
  });
  end = step();
}`;

const MARK = 'RACEWAY_TEST_MAP';
let marks = 0;

/** A runner whose processes can be told from all others. */
function runnerOf(
  folder: FlowFolder,
  options: RunnerOptions<AnyFlow> = {},
): { readonly runner: Runner; readonly processes: () => Promise<readonly number[]> } {
  const mark = { name: MARK, value: `${process.pid}.${++marks}` };
  const { env, ...others } = options;
  const runner = new Runner(folder.script, {
    cwd: folder.path,
    quiet: true,
    env: { [mark.name]: mark.value, ...env },
    ...others,
  });
  return { runner, processes: () => marked(mark) };
}

function go(folder: FlowFolder, ...numbers: readonly number[]): void {
  for (const n of numbers) writeFileSync(folder.file(`go-${n}`), '');
}

function lines(folder: FlowFolder, name: string): string[] {
  return folder.trace(name).split('\n').filter(Boolean);
}

/** Resolves when this many rows are at their second step or beyond. */
async function atWork(folder: FlowFolder, count: number): Promise<void> {
  await until(() => lines(folder, 'log').filter((line) => line.startsWith('+')).length >= count);
}

const held = (...numbers: readonly number[]) => numbers.map((n) => ({ n, hold: true }));

describe.concurrent('runner.map', () => {
  test('gives out each row as its run ends, with its parameters and its run', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const results = runner.map(held(0, 1, 2), { maxConcurrency: 3, tags: ['sweep'] });
    const order: unknown[] = [];
    for (const n of [1, 2, 0]) {
      const next = results.next();
      if (n === 1) await atWork(folder, 3);
      go(folder, n);
      const { value } = await next;
      if (value?.kind !== 'ended') throw new Error(`row ${n} did not end`);
      order.push({ index: value.index, parameters: value.parameters, doubled: await value.run.data['doubled'] });
      expect(value.running.status).toBe('successful');
      expect(value.run.userTags).toEqual(['sweep']);
    }
    expect(order).toEqual([1, 2, 0].map((n) => ({ index: n, parameters: { n, hold: true }, doubled: 2 * n })));
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  test('has as many runs in flight as maxConcurrency says, and no more', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const all = Array.fromAsync(runner.map(held(0, 1, 2, 3, 4), { maxConcurrency: 2 }));
    await atWork(folder, 2);
    go(folder, 0, 1, 2, 3, 4);
    expect(await all).toHaveLength(5);
    let inFlight = 0;
    const counts = lines(folder, 'log').map((line) => (inFlight += line.startsWith('+') ? 1 : -1));
    expect(Math.max(...counts)).toBe(2);
  });

  test('shares the processors among the runs, unless it is told how many workers each has', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const workers = async (rows: number, options: { maxConcurrency?: number; maxWorkers?: number }) => {
      const [first] = await Array.fromAsync(
        runner.map(
          Array.from({ length: rows }, (__, n) => ({ n })),
          options,
        ),
      );
      return first?.running?.command.find((word) => word.startsWith('--max-workers'));
    };
    const processors = availableParallelism();
    expect(await workers(1, {})).toBe(`--max-workers=${processors}`);
    expect(await workers(2, { maxConcurrency: 2 })).toBe(`--max-workers=${Math.max(1, Math.floor(processors / 2))}`);
    expect(await workers(1, { maxConcurrency: 1000 })).toBe(`--max-workers=${processors}`);
    expect(await workers(1, { maxWorkers: 7 })).toBe('--max-workers=7');
  });

  test('gives out a run that failed like any other', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const results = await Array.fromAsync(runner.map(product({ n: [1], fails: [false, true] })));
    const statuses = new Map(results.map(({ index, kind, run }) => [index, `${kind} ${run?.status}`]));
    expect(statuses).toEqual(
      new Map([
        [0, 'ended successful'],
        [1, 'ended failed'],
      ]),
    );
  });

  test('gives out a row that could not start with its error, and runs the others', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const results = await Array.fromAsync(runner.map([{ n: true }, { n: 1 }], { maxConcurrency: 1 }));
    expect(results[0]).toMatchObject({ kind: 'not-started', index: 0, running: undefined, run: undefined });
    expect(results[0]?.error).toBeInstanceOf(InvalidOptionError);
    expect(results[1]).toMatchObject({ kind: 'ended', index: 1, error: undefined });
  });

  test('rejects with the error of a row that could not start, if it is to reject', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const results = runner.map([{ n: true }, { n: 1 }], { maxConcurrency: 1, reject: true });
    await expect(results.next()).rejects.toThrow(InvalidOptionError);
    expect(folder.trace('began')).toBe('');
  });

  test('gives out what a program that is no flow of raceway does, and gives it no options of its own', async () => {
    await using runner = new Runner(puppet('prints-arguments'), { showOutput: false });
    const [result] = await Array.fromAsync(runner.map([{ anything: 'goes' }]));
    expect(result?.running?.status).toBe('successful');
    expect(result?.running?.command.filter((word) => !word.startsWith('--runner-attribute-file'))).toEqual([
      puppet('prints-arguments'),
      'run',
      '--anything=goes',
    ]);
  });

  test('starts nothing before it is asked for the first result', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    let isRead = false;
    const results = runner.map(
      (function* () {
        isRead = true;
        yield { n: 1 };
      })(),
    );
    await setImmediate();
    expect(isRead).toBe(false);
    expect(await results.return()).toEqual({ done: true, value: undefined });
    expect(await results.next()).toEqual({ done: true, value: undefined });
    expect(isRead).toBe(false);
  });

  test('goes on while nobody asks for results, and keeps them all', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const results = runner.map(product({ n: [0, 1, 2, 3] }), { maxConcurrency: 2 });
    const first = await results.next();
    await until(() => lines(folder, 'log').length === 8);
    const others = await Array.fromAsync(results);
    expect([first.value, ...others].map((result) => result?.index).toSorted()).toEqual([0, 1, 2, 3]);
  });

  test('removes the temporary files of a run when the result after it is asked for', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const results = runner.map(product({ n: [0, 1] }), { maxConcurrency: 1 });
    const first = (await results.next()).value?.running;
    expect(first?.stdout).toContain('row 0\n');
    const second = (await results.next()).value?.running;
    expect(() => first?.stdout).toThrow(CleanedUpError);
    expect(await first?.run.data['doubled']).toBe(0);
    expect(second?.stdout).toContain('row 1\n');
    await results.next();
    expect(() => second?.stdout).toThrow(CleanedUpError);
  });
});

describe.concurrent('the rows of runner.map', () => {
  test.each([
    ['an unknown parameter', { m: 2 }, 'rows[1]: Sample has no parameter m\nDid you mean n?'],
    ['no integer', { n: 1.5 }, 'rows[1]: the parameter n takes an integer and was given 1.5\n'],
    ['no integer as text', { n: 'x' }, 'rows[1]: the parameter n takes an integer and was given "x"\n'],
    ['none of the choices', { mode: 'best' }, 'rows[1]: the parameter mode takes one of good, better and was given'],
    ['what is no row', [1], 'the option rows[1] must be an object'],
    ['a value that cannot be handed over', { n: () => {} }, 'rows[1]: the option n must be something that'],
    ['an option', { 'max-workers': 5 }, 'rows[1]: max-workers is no parameter'],
  ])('are checked before any is started: %s', async (_, row, message) => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using __ = runner;
    const results = runner.map([{ n: 1 }, row as object, { n: 2 }]);
    const rejected = await results.next().catch((error: unknown) => error);
    expect(rejected).toBeInstanceOf(InvalidOptionError);
    expect((rejected as Error).message).toContain(message);
    expect(folder.trace('began')).toBe('');
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  test('need what the flow requires, which may be in the environment', async () => {
    using folder = flowFolder(SAMPLE.replace('{ default: 0 }', '{ required: true }'));
    const { runner } = runnerOf(folder);
    await using _ = runner;
    await expect(runner.map([{ n: 1 }, {}]).next()).rejects.toThrow(
      'rows[1]: the parameter n of Sample is required and was not given\n',
    );
    const { runner: informed } = runnerOf(folder, { env: { RACEWAY_RUN_N: '4' } });
    await using __ = informed;
    const [result] = await Array.fromAsync(informed.map([{}]));
    expect(await result?.run?.data['doubled']).toBe(8);
  });

  test('may be text that the flow reads as what it takes', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const [result] = await Array.fromAsync(runner.map([{ n: '4', fails: 'false', mode: 'better' }]));
    expect(await result?.run?.data['doubled']).toBe(8);
  });

  test('are not started when the flow cannot describe itself', async () => {
    using folder = flowFolder('class Sample {}\nthrow new Error("broken");');
    const { runner } = runnerOf(folder);
    await using _ = runner;
    await expect(runner.map([{}]).next()).rejects.toThrow(FlowStartError);
  });

  test('of an async iterable are taken as there is room, and it is told when no more are wanted', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    let made = 0;
    let isLeft = false;
    async function* endless() {
      try {
        for (;;) yield { n: made++ };
      } finally {
        isLeft = true;
      }
    }
    let taken = 0;
    for await (const { parameters, run } of runner.map(endless(), { maxConcurrency: 2 })) {
      expect(await run?.data['doubled']).toBe(2 * parameters.n);
      // Two are in flight, two may wait to be taken, and one is in hand.
      expect(made - taken).toBeLessThanOrEqual(5);
      taken += 1;
      if (taken === 4) break;
    }
    expect(isLeft).toBe(true);
  });

  test('of an async iterable are checked as they come', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    async function* rows() {
      yield { n: 0 };
      yield { m: 1 };
      yield { n: 2 };
    }
    const results = await Array.fromAsync(runner.map(rows(), { maxConcurrency: 1 }));
    expect(results.map(({ kind }) => kind)).toEqual(['ended', 'not-started', 'ended']);
    expect(results[1]?.error?.message).toContain('rows[1]: Sample has no parameter m\n');
    expect(lines(folder, 'began')).toEqual(['0', '2']);
  });

  test('of an async iterable that fails end the others', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner, processes } = runnerOf(folder);
    await using _ = runner;
    async function* rows() {
      yield { n: 0, hold: true };
      await atWork(folder, 1);
      throw new Error('no more rows');
    }
    await expect(runner.map(rows()).next()).rejects.toThrow('no more rows');
    expect(await processes()).toEqual([]);
  });
});

describe.concurrent('leaving runner.map', () => {
  test.each(['break', 'throw'])('by %s ends the runs in flight', async (how) => {
    using folder = flowFolder(SAMPLE);
    const { runner, processes } = runnerOf(folder);
    await using _ = runner;
    go(folder, 0);
    const loop = async () => {
      for await (const { run } of runner.map(held(0, 1, 2, 3), { maxConcurrency: 3 })) {
        expect(run?.successful).toBe(true);
        await atWork(folder, 4);
        if (how === 'break') break;
        throw new Error('enough');
      }
    };
    const left = await loop().catch((error: unknown) => error);
    expect(left).toEqual(how === 'break' ? undefined : new Error('enough'));
    expect(await processes()).toEqual([]);
    expect(lines(folder, 'log').filter((line) => line.startsWith('-'))).toEqual(['-0']);
  });

  test('ends a pending next() and waits for no row that may never come', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner, processes } = runnerOf(folder);
    await using _ = runner;
    async function* rows() {
      yield { n: 0, hold: true };
      await new Promise(() => {});
    }
    const results = runner.map(rows(), { maxConcurrency: 2 });
    const next = results.next();
    await atWork(folder, 1);
    await results[Symbol.asyncDispose]();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await processes()).toEqual([]);
  });

  test('by aborting the signal ends the runs in flight, and the loop with the reason', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner, processes } = runnerOf(folder);
    await using _ = runner;
    const controller = new AbortController();
    const results = runner.map(held(0, 1, 2), { maxConcurrency: 2, signal: controller.signal });
    const next = results.next();
    await atWork(folder, 2);
    controller.abort(new Error('changed my mind'));
    await expect(next).rejects.toThrow('changed my mind');
    expect(await processes()).toEqual([]);
    expect(lines(folder, 'began').toSorted()).toEqual(['0', '1']);
    expect(await results.next()).toEqual({ done: true, value: undefined });
    await expect(runner.map([{}], { signal: controller.signal }).next()).rejects.toThrow('changed my mind');
  });

  test.each(['signal', 'disposal', 'timeout'])('while the flow describes itself ends it: %s', async (how) => {
    using folder = flowFolder(
      "trace('loaded', 'yes');\nawait sleep(600_000);\nexport class Sample extends FlowSpec {}",
    );
    const startTimeoutMs = how === 'timeout' ? 500 : Infinity;
    const { runner, processes } = runnerOf(folder, { startTimeoutMs });
    await using _ = runner;
    const controller = new AbortController();
    const rejected = runner
      .map([{}], { signal: controller.signal })
      .next()
      .catch((error: unknown) => error);
    if (how !== 'timeout') await until(() => folder.trace('loaded') !== '');
    if (how === 'signal') controller.abort(new Error('enough'));
    if (how === 'disposal') await runner[Symbol.asyncDispose]();
    const expected = { signal: Error, disposal: CleanedUpError, timeout: StartTimeoutError }[how] ?? Error;
    expect(await rejected).toBeInstanceOf(expected);
    expect(await processes()).toEqual([]);
  });

  test('by disposing the runner ends the runs in flight, and the loop', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner, processes } = runnerOf(folder);
    const next = runner.map(held(0, 1, 2), { maxConcurrency: 2 }).next();
    const rejected = next.catch((error: unknown) => error);
    await atWork(folder, 2);
    await runner[Symbol.asyncDispose]();
    expect(await rejected).toBeInstanceOf(CleanedUpError);
    expect(await processes()).toEqual([]);
  });

  test('because a run failed that must not ends the others', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner, processes } = runnerOf(folder);
    await using _ = runner;
    const rows = [
      { n: 0, hold: true },
      { n: 1, hold: true, fails: true },
    ];
    const next = runner.map(rows, { maxConcurrency: 2, reject: true }).next();
    await atWork(folder, 2);
    go(folder, 1);
    await expect(next).rejects.toThrow(RunFailedError);
    expect(await processes()).toEqual([]);
  });
});

describe.concurrent('the options of runner.map', () => {
  test.each([
    ['maxConcurrency', { maxConcurrency: 0 }, 'maxConcurrency must be an integer of 1 or more'],
    ['batch', { batch: '' }, 'batch must be a name'],
    ['batch', { batch: 'x'.repeat(495) }, 'a tag cannot have 501 characters'],
    ['batch', { batch: 'a\nb' }, 'a tag cannot have control characters'],
    ['signal', { signal: 'now' }, 'signal must be an AbortSignal'],
    ['maxWorkers', { maxWorkers: 0 }, 'maxWorkers must be an integer of 1 or more'],
    ['maxWorker', { maxWorker: 1 }, 'map() has no option "maxWorker"'],
    ['runIdFile', { runIdFile: 'id' }, 'map() has no option runIdFile'],
    ['tags', { batch: 'a', tags: Array.from({ length: 49 }, (_, n) => `${n}`) }, 'a run cannot have 51 tags'],
  ])('are checked at once: %s', async (_, options, message) => {
    await using runner = new Runner('flow.ts');
    expect(() => runner.map([], options as MapOperationOptions<AnyFlow>)).toThrow(InvalidOptionError);
    expect(() => runner.map([], options as MapOperationOptions<AnyFlow>)).toThrow(message);
  });

  test('include no batch of a flow that keeps its runs elsewhere', async () => {
    await using runner = new Runner('flow.py');
    expect(() => runner.map([], { batch: 'nightly' })).toThrow('could not run the rows as a batch');
  });

  test('come with rows that can be iterated over', async () => {
    await using runner = new Runner('flow.ts');
    await expect(runner.map({ n: [1] } as never).next()).rejects.toThrow('rows must be an iterable of rows');
  });
});

describe.concurrent('a batch of runner.map', () => {
  test('skips rows that succeeded, resumes those that failed, and starts the others', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const options = { batch: 'nightly', maxConcurrency: 1, tags: ['mine'] };
    writeFileSync(folder.file('fail-1'), '');
    const before = await Array.fromAsync(runner.map(product({ n: [0, 1] }), options));
    expect(before.map(({ run }) => run?.status)).toEqual(['successful', 'failed']);
    unlinkSync(folder.file('fail-1'));

    const after = await Array.fromAsync(runner.map(product({ n: [0, 1, 2] }), options));
    expect(after.map(({ kind, run }) => `${kind} ${run?.status}`)).toEqual([
      'skipped successful',
      'ended successful',
      'ended successful',
    ]);
    expect(after[0]?.run?.id).toBe(before[0]?.run?.id);
    expect(await after[0]?.run?.data['doubled']).toBe(0);
    expect(after[1]?.run?.originRunId).toBe(before[1]?.run?.id);
    expect(after[1]?.run?.userTags).toEqual(before[1]?.run?.userTags);
    expect(after[2]?.run?.originRunId).toBeUndefined();
    expect(lines(folder, 'began')).toEqual(['0', '1', '2']);

    const again = await Array.fromAsync(runner.map(product({ n: [2, 1, 0] }), options));
    expect(again.map(({ kind, run }) => `${kind} ${run?.id}`)).toEqual(
      [2, 1, 0].map((n) => `skipped ${after[n]?.run?.id}`),
    );
    const other = await Array.fromAsync(runner.map(product({ n: [0] }), { ...options, batch: 'weekly' }));
    expect(other.map(({ kind }) => kind)).toEqual(['ended']);
  });

  test.each([
    ['has another graph', SAMPLE.replaceAll('work', 'toil')],
    [
      'has another type of parameter',
      SAMPLE.replace(`['good', 'better'], { default: 'good' }`, `['fair'], { default: 'fair' }`),
    ],
  ])('starts a row anew when its run failed and the flow %s by now', async (_, changed) => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using __ = runner;
    const options = { batch: 'nightly' };
    writeFileSync(folder.file('fail-1'), '');
    const [before] = await Array.fromAsync(runner.map([{ n: 1 }], options));
    expect(before?.run?.status).toBe('failed');
    unlinkSync(folder.file('fail-1'));
    folder.write(changed);

    const [after] = await Array.fromAsync(runner.map([{ n: 1 }], options));
    expect(after).toMatchObject({ kind: 'ended', run: { status: 'successful', originRunId: undefined } });
    expect(after?.run?.userTags).toEqual(before?.run?.userTags);
    expect(lines(folder, 'began')).toEqual(['1', '1']);
    const [again] = await Array.fromAsync(runner.map([{ n: 1 }], options));
    expect(again).toMatchObject({ kind: 'skipped', run: { id: after?.run?.id } });
  });

  test('tells equal rows apart by their number, and takes no notice of the order of names', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner } = runnerOf(folder);
    await using _ = runner;
    const kinds = async (...rows: readonly object[]) => {
      const results = await Array.fromAsync(runner.map(rows, { batch: 'twice', maxConcurrency: 1 }));
      return results.map(({ kind }) => kind);
    };
    const row = { n: 1, mode: 'good' };
    const same = { mode: 'good', n: '1' };
    expect(await kinds(row)).toEqual(['ended']);
    expect(await kinds(same, row)).toEqual(['skipped', 'ended']);
    expect(await kinds(row, same, row)).toEqual(['skipped', 'skipped', 'ended']);
    expect(await kinds({ ...row, n: 2 })).toEqual(['ended']);
  });

  test('leaves to another process what that is at, runs the rest, and takes over its results', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner: one } = runnerOf(folder);
    await using _ = one;
    const { runner: other } = runnerOf(folder);
    await using __ = other;
    const options = { batch: 'shared', maxConcurrency: 1 };
    const firstOfOne = one.map(held(0, 1), options).next();
    await atWork(folder, 1);
    const results = other.map(held(0, 1), options);
    const firstOfOther = results.next();
    await atWork(folder, 2);
    go(folder, 1);
    expect((await firstOfOther).value).toMatchObject({ kind: 'ended', index: 1 });
    const secondOfOther = results.next();
    go(folder, 0);
    const { value } = await firstOfOne;
    expect((await secondOfOther).value).toMatchObject({ kind: 'skipped', index: 0 });
    expect((await secondOfOther).value?.run?.id).toBe(value?.run?.id);
    expect(lines(folder, 'began').toSorted()).toEqual(['0', '1']);
  });

  test('resumes a run that another process was at and did not finish', async () => {
    using folder = flowFolder(SAMPLE);
    const { runner: one } = runnerOf(folder);
    await using _ = one;
    const { runner: other } = runnerOf(folder);
    await using __ = other;
    const results = one.map(held(0), { batch: 'shared' });
    const left = results.next();
    await atWork(folder, 1);
    go(folder, 1);
    const resultsOfOther = other.map(held(0, 1), { batch: 'shared', maxConcurrency: 1 });
    expect((await resultsOfOther.next()).value?.index).toBe(1); // it has seen that row 0 is at work
    const next = resultsOfOther.next();
    await results.return();
    await left;
    await atWork(folder, 3);
    go(folder, 0);
    const { value } = await next;
    expect(value).toMatchObject({ kind: 'ended', run: { status: 'successful', originRunId: expect.any(String) } });
    expect(lines(folder, 'began').toSorted()).toEqual(['0', '1']);
  });

  test('goes on where a script was that got SIGKILL', async () => {
    using folder = flowFolder(SAMPLE);
    const mark = { name: MARK, value: `${process.pid}.${++marks}` };
    const start = () => {
      const file = fileURLToPath(new URL('../fixtures/parents/maps-a-batch.ts', import.meta.url));
      const child = spawn(process.execPath, [file, folder.script, folder.file('home')], {
        env: { ...process.env, [mark.name]: mark.value },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return { child, stdout: text(child.stdout) };
    };
    go(folder, 0);
    const first = start();
    await atWork(folder, 3); // 0 has made room for the third
    first.child.kill('SIGKILL');
    expect(await first.stdout).toBe('0 ended successful from its start\n');
    await until(async () => (await marked(mark)).length === 0);

    go(folder, 1, 2, 3);
    const second = start();
    await once(second.child, 'exit');
    expect((await second.stdout).trim().split('\n').toSorted()).toEqual([
      '0 skipped successful from its start',
      '1 ended successful resumed',
      '2 ended successful resumed',
      '3 ended successful from its start',
    ]);
    expect(lines(folder, 'began').toSorted()).toEqual(['0', '1', '2', '3']);
  });
});

test('takes hidden parameters, does not name them, and keeps those that are secret out of what tells rows apart', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec.with({
      day: parameter.string(),
      depth: parameter.integer({ hidden: true }),
      token: parameter.string({ hidden: true, secret: true }),
    }) {
      depthSeen = this.depth;
      start = step(() => this.next(this.end));
      end = step();
    }`);
  await using runner = new Runner(folder.script, { cwd: folder.path, showOutput: false });
  const sweep = async (token: string) =>
    await Array.fromAsync(runner.map([{ day: 'Monday', depth: 2, token }], { batch: 'b' }));
  const [first] = await sweep('one');
  expect(await first?.running?.run.data['depthSeen']).toBe(2);
  const [second] = await sweep('two'); // the same row
  expect(second?.run?.pathspec).toBe(first?.run?.pathspec);
  await expect(Array.fromAsync(runner.map([{ dpth: 2 }]))).rejects.toThrow(/Its parameters are: day\.$/);
});

test('a flow that cannot be constructed without its required parameters is mapped all the same', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec.with({ p: parameter.string({ required: true }), mode: parameter.oneOf(['fast', 'slow']) }) {
      length = this.p.length;
      start = step(() => this.next(this.end));
      end = step();
    }`);
  await using runner = new Runner(folder.script, { cwd: folder.path, showOutput: false });
  const lengths: unknown[] = [];
  for await (const { running } of runner.map([{ p: 'abc' }])) lengths.push(await running?.run.data['length']);
  expect(lengths).toEqual([3]);
  await expect(Array.fromAsync(runner.map([{ q: 'abc' }]))).rejects.toThrow(InvalidOptionError);
  const described = await folder.run(['describe']);
  expect(JSON.parse(described.stdout)).toMatchObject({ steps: null, parameters: { required: ['p'] } });
  expect((await folder.run(['run', '--help'])).stdout).toContain('--mode=<fast|slow>');
});
