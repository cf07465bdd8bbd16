import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { current, FlowSpec, type Inputs, join, parameter, step } from 'raceway/flow';
import { failedTask, runFlow } from 'raceway/testing';
import { SlowFlow } from '../../flows/slowflow.ts';
import { TextStats } from '../../flows/text-stats.ts';
import { openHome } from '../../src/client/home.ts';
import { Shapes } from '../fixtures/flows/shapes.ts';
import { temporaryFolder } from '../temporary-folder.ts';

describe('runFlow', () => {
  test('runs every task of a flow and gives what the end left', async () => {
    const { artifacts, tasks, task, tasksOf } = await runFlow(Shapes);
    expect(artifacts).toEqual({
      titles: ['one', 'three'],
      round: 0,
      score: 100,
      scores: [3, 5, 6, 10],
      shared: { deep: ['start'] },
    });
    expect(tasks.map(({ step: name, index }) => [name, index])).toEqual([
      ['start', undefined],
      ['fan', undefined],
      ['plain', undefined],
      ['rate', 0],
      ['rate', 1],
      ['gather', undefined],
      ['decide', undefined],
      ['fan', undefined],
      ['rate', 0],
      ['rate', 1],
      ['gather', undefined],
      ['decide', undefined],
      ['close', undefined],
      ['merge', undefined],
      ['end', undefined],
    ]);
    expect(tasks.map(({ id }) => id)).toEqual(tasks.map((_, index) => String(index + 1)));
    expect(tasksOf('rate').map((one) => [one.artifacts.score, one.parentIds])).toEqual([
      [3, ['2']],
      [5, ['2']],
      [6, ['8']],
      [10, ['8']],
    ]);
    expect(task('merge').parentIds).toEqual(['13', '3']);
    expect(tasksOf('decide').map(({ transition }) => transition)).toEqual([
      { kind: 'switch', steps: ['fan'] },
      { kind: 'switch', steps: ['close'] },
    ]);
    expect(task('close').artifacts.shared).toEqual({ deep: ['start', 'close'] });
  });

  test('has the tasks and artifacts that a run with one worker has', async () => {
    using folder = temporaryFolder();
    const script = fileURLToPath(new URL('../fixtures/flows/shapes.ts', import.meta.url));
    await promisify(execFile)(process.execPath, [script, '--home', folder.path, 'run', '--max-workers=1']);
    await using home = await openHome({ home: folder.path });
    const run = await home.flow('Shapes').latestRun();
    const stored = await Promise.all(
      (await Array.fromAsync(run?.tasks() ?? [])).map(async (task) => ({
        step: task.stepName,
        id: task.id,
        parentIds: (await Array.fromAsync(task.parentTasks(), ({ id }) => id)).toSorted(),
        index: task.index,
        artifacts: Object.fromEntries(
          await Array.fromAsync(task.artifacts(), async (artifact) => [artifact.name, await artifact.value()]),
        ),
      })),
    );
    expect(stored).toHaveLength(15);
    const { tasks } = await runFlow(Shapes);
    const comparable = tasks.map(({ step: name, id, index, artifacts, parentIds }) => ({
      step: name,
      id,
      index,
      artifacts,
      parentIds: parentIds.toSorted(),
    }));
    expect(stored.toReversed()).toEqual(comparable); // the store gives the latest first
  });

  test('takes parameters', async () => {
    const { artifacts } = await runFlow(Shapes, { parameters: { rounds: 1 } });
    expect(artifacts.scores).toEqual([3, 5]);
    // @ts-expect-error -- text
    await expect(runFlow(Shapes, { parameters: { rounds: 'two' } })).rejects.toMatchObject({
      name: 'InvalidOptionError',
      option: 'rounds',
    });
  });

  test('comes to the same each time', async () => {
    const [one, other] = [await runFlow(Shapes), await runFlow(Shapes)];
    expect(one.tasks).toEqual(other.tasks);
  });

  test('refuses to choose among the tasks of a step', async () => {
    const { task, tasksOf } = await runFlow(Shapes, { parameters: { rounds: 1 } });
    expect(() => task('rate')).toThrow("Step rate of Shapes has run 2 times\nAsk for them all with tasksOf('rate').");
    class Skipping extends FlowSpec {
      verdict: 'a' | 'b' = 'b';
      start = step(() => this.next({ a: this.skipped, b: this.end }, { condition: this.verdict }));
      skipped = step(() => this.next(this.end));
      end = step();
    }
    const skipping = await runFlow(Skipping);
    expect(() => skipping.task('skipped')).toThrow('No task of step skipped of Skipping has run');
    expect([skipping.tasksOf('skipped'), tasksOf('rate').length]).toEqual([[], 2]);
  });

  test('goes on to the join of a foreach over nothing', async () => {
    class Nothing extends FlowSpec {
      count = -1;
      start = step(() => this.next(this.work, { foreach: [], allowEmpty: true }));
      work = step((_item: unknown) => this.next(this.gather));
      gather = join((inputs: Inputs<this>) => {
        this.count = inputs.length;
        this.next(this.end);
      });
      end = step();
    }
    expect((await runFlow(Nothing)).artifacts).toEqual({ count: 0 });
  });

  test('runs the sample flows and stores nothing', async () => {
    using folder = temporaryFolder();
    const cwd = process.cwd();
    const homeHere = () => statSync('.raceway', { throwIfNoEntry: false })?.mtimeMs; // of somebody who tried something here
    vi.stubEnv('RACEWAY_HOME', folder.file('home'));
    vi.stubEnv('TMPDIR', folder.path);
    const before = [readdirSync(cwd), homeHere()];
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const { artifacts } = await runFlow(TextStats, { parameters: { text: 'README.md', top: 3 } });
    await runFlow(SlowFlow, { parameters: { seconds: 0 } });
    expect(artifacts.topWords.size).toBe(3);
    expect(artifacts.bounds).toBeInstanceOf(Uint32Array);
    expect([readdirSync(cwd), homeHere()]).toEqual(before);
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('passes large artifacts on without storing them', async () => {
    using folder = temporaryFolder();
    vi.stubEnv('RACEWAY_HOME', folder.path);
    class Large extends FlowSpec {
      numbers = new Float64Array(100_000);
      start = step(() => {
        this.numbers[99_999] = 7;
        this.next(this.end);
      });
      end = step(() => {
        this.numbers[0] = this.numbers[99_999] ?? 0;
      });
    }
    const { task, artifacts } = await runFlow(Large);
    expect([task('start').artifacts.numbers[0], artifacts.numbers[0]]).toEqual([0, 7]);
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe('a step that fails in runFlow', () => {
  const thrown = new TypeError('boom');
  class Failing extends FlowSpec {
    items = ['a', 'b', 'c'];
    start = step(() => this.next(this.work, { foreach: this.items }));
    work = step((item: string) => {
      if (item === 'b') throw thrown;
      this.next(this.gather);
    });
    gather = join((_inputs: Inputs<this>) => this.next(this.end));
    end = step();
  }

  test('rejects with the very error', async () => {
    await expect(runFlow(Failing)).rejects.toThrow('boom');
    await expect(runFlow(Failing)).rejects.toBe(thrown);
    expect(Object.keys(thrown)).toEqual([]);
    expect(thrown.cause).toBeUndefined();
  });

  test('is named by failedTask', async () => {
    const error: unknown = await runFlow(Failing, { current: { runId: '5' } }).catch((reason: unknown) => reason);
    expect(failedTask(error)).toEqual({ pathspec: 'Failing/5/work/3', step: 'work', id: '3', index: 1 });
  });

  test('is told when it passes on what does not survive', async () => {
    class Money {
      readonly cents = 3;
    }
    class Passing extends FlowSpec {
      money: unknown;
      start = step(() => {
        this.money = new Money();
        this.next(this.end);
      });
      end = step();
    }
    await expect(runFlow(Passing)).rejects.toThrow(
      'the artifact "money" cannot be stored: it holds an instance of Money',
    );
  });

  test('is told when its foreach has more items than the test allows', async () => {
    await expect(runFlow(Failing, { maxNumSplits: 2 })).rejects.toThrow('has 3 items, more than the 2');
  });
});

describe('the check in runFlow', () => {
  class Open extends FlowSpec {
    start = step(() => this.next(this.a, this.b));
    a = step(() => this.next(this.end));
    b = step(() => this.next(this.end));
    end = step();
  }

  test('rejects a flow that a run would refuse, naming the line', async () => {
    await expect(runFlow(Open)).rejects.toThrow(
      /^the flow Open has a mistake:\n {2}test\/testing\/run-flow\.test\.ts:\d+: Step start branches to a, b, and they never meet/,
    );
  });

  test('is left out when the test says so', async () => {
    const { tasksOf } = await runFlow(Open, { lint: false });
    expect(tasksOf('end')).toHaveLength(2);
  });
});

describe('tests beside each other', () => {
  class Naming extends FlowSpec.with({ name: parameter.string({ required: true }) }) {
    names: string[] = [];
    start = step(async () => {
      await setTimeout(1);
      this.names = [this.name, current.runId];
      this.next(this.end);
    });
    end = step(async () => {
      await setTimeout(1);
      this.names.push(current.runId, current.stepName);
    });
  }

  test('run flows at the same time, each with its own current', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const flows = await Promise.all(
      names.map((name) => runFlow(Naming, { parameters: { name }, current: { runId: name } })),
    );
    expect(flows.map(({ artifacts }) => artifacts.names)).toEqual(names.map((name) => [name, name, name, 'end']));
  });

  test('run a flow within a step of another', async () => {
    class Outer extends FlowSpec {
      seen: unknown[] = [];
      start = step(async () => {
        const inner = await runFlow(Naming, { parameters: { name: 'inner' }, current: { runId: 'inner' } });
        this.seen = [inner.artifacts.names, current.runId];
        this.next(this.end);
      });
      end = step();
    }
    expect((await runFlow(Outer)).artifacts.seen).toEqual([['inner', 'inner', 'inner', 'end'], 'test']);
  });
});

describe('the time of a test', () => {
  afterEach(() => void vi.useRealTimers());

  class Looping extends FlowSpec {
    round = 0;
    start = step(() => this.next(this.again));
    again = step(() => {
      this.round += 1;
      this.next({ more: this.again, end: this.end }, { condition: this.round < 0 ? 'end' : 'more' });
    });
    end = step();
  }

  test('can run out while a flow goes round for ever', async () => {
    await expect(runFlow(Looping, { signal: AbortSignal.timeout(50) })).rejects.toThrow('due to timeout');
  });

  test('may stand still', async () => {
    vi.useFakeTimers();
    expect((await runFlow(Shapes)).artifacts.score).toBe(100);
  });
});

test('a flow whose steps a coverage tool rewrote is still read', async () => {
  // As istanbul does it: counters in the source, blocks for the bodies of arrow functions.
  const source = `
    const counts = { s: [0, 0], f: [0] };
    const count = () => counts;
    return class Counted extends FlowSpec {
      start = step(() => { count().f[0]++; count().s[0]++; return this.next(this.end); });
      end = (count().s[1]++, step());
    };`;
  // oxlint-disable-next-line typescript/no-implied-eval -- code of another tool is what this is about
  const make = new Function('FlowSpec', 'step', source) as (...parts: unknown[]) => new () => FlowSpec;
  const { tasks } = await runFlow(make(FlowSpec, step));
  expect(tasks.map((task) => task.step)).toEqual(['start', 'end']);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});
