import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import {
  catchError,
  current,
  defineDecorator,
  FlowSpec,
  type Inputs,
  join,
  parameter,
  retry,
  step,
} from 'raceway/flow';
import { failedTask, runStep } from 'raceway/testing';

class Unstorable {
  readonly kind = 'client';
}

/** Reads titles, rates each in a task of its own, and goes on rating until the best is good enough. */
class Ratings extends FlowSpec.with({
  factor: parameter.integer({ default: 2 }),
  limit: parameter.float({ required: true }),
  since: parameter.of(
    z.string().transform((text) => new Date(text)),
    { default: '2026-11-21' },
  ),
  plan: parameter.json<{ depth: number }>({ default: { depth: 1 } }),
}) {
  titles: string[] = ['first', 'second'];
  seen = new Map<string, number>();
  bytes = new Uint8Array();
  score = 0;
  best = 0;
  note: string | undefined;
  rounds = [0];
  client: unknown = new Unstorable(); // no artifact: made again for each task
  handle: unknown = 0;

  start = step(() => {
    this.next(this.left, this.right);
  });

  left = step(() => {
    this.score = this.titles.length * this.factor;
    this.next(this.merge);
  });

  right = step(() => {
    this.score = 1;
    this.next(this.merge);
  });

  merge = join((inputs: Inputs<this>) => {
    this.best = Math.max(...inputs.map(({ score }) => score));
    this.note = `${inputs.get('left').score} ${inputs.get('right').score} ${inputs.map(({ titles }) => titles.length).join()}`;
    this.mergeArtifacts(inputs, { exclude: ['score'] });
    this.next(this.fan);
  });

  fan = step(() => {
    this.next(this.rate, { foreach: this.titles });
  });

  rate = step(async (title: string) => {
    await Promise.resolve();
    this.score = title.length;
    this.next(this.gather);
  });

  gather = join((inputs: Inputs<this>) => {
    this.rounds = inputs.map(({ score }) => score);
    this.next(this.decide);
  });

  decide = step(() => {
    this.rounds.push(this.best);
    this.next({ again: this.start, enough: this.end }, { condition: this.best < this.limit ? 'again' : 'enough' });
  });

  end = step(() => {
    this.handle = this.note;
  });

  shout(): string {
    return `${this.note}!`;
  }
}

const parameters = { limit: 5 };

test('runStep runs a step from given artifacts and gives what it left and where it went', async () => {
  const { artifacts, transition } = await runStep(Ratings, 'left', {
    parameters: { limit: 5, factor: 10 },
    artifacts: { titles: ['a', 'b', 'c'], note: 'kept' },
  });
  expect(artifacts).toEqual({
    titles: ['a', 'b', 'c'],
    seen: new Map(),
    bytes: new Uint8Array(),
    score: 30,
    best: 0,
    note: 'kept',
    rounds: [0],
    handle: 0,
  });
  expect(transition).toEqual({ kind: 'linear', steps: ['merge'] });
});

test('runStep starts fields that were not given from their initial values', async () => {
  const { artifacts } = await runStep(Ratings, 'left', { parameters });
  expect([artifacts.titles, artifacts.score]).toEqual([['first', 'second'], 4]);
});

test('runStep gives a branch', async () => {
  const { transition } = await runStep(Ratings, 'start', { parameters });
  expect(transition).toEqual({ kind: 'branch', steps: ['left', 'right'] });
});

test('runStep gives a foreach with its items', async () => {
  const { transition } = await runStep(Ratings, 'fan', { parameters, artifacts: { titles: ['x', 'y'] } });
  expect(transition).toEqual({ kind: 'foreach', steps: ['rate'], items: ['x', 'y'] });
});

test.each([
  [4, 'start'],
  [5, 'end'],
])('runStep gives the case that a switch took, with %d', async (best, next) => {
  const { transition } = await runStep(Ratings, 'decide', { parameters, artifacts: { best } });
  expect(transition).toEqual({ kind: 'switch', steps: [next] });
});

test('runStep gives no transition for the end', async () => {
  const { artifacts, transition } = await runStep(Ratings, 'end', { parameters, artifacts: { note: 'done' } });
  expect([artifacts.handle, transition]).toEqual(['done', undefined]);
});

test('runStep gives an item to the step of a foreach', async () => {
  const { artifacts, index } = await runStep(Ratings, 'rate', { parameters, item: 'four' });
  expect([artifacts.score, index]).toEqual([4, 0]);
});

test('runStep gives a join its branches by name, whatever their order, and what was left out as initial values', async () => {
  const { artifacts } = await runStep(Ratings, 'merge', {
    parameters,
    inputs: { right: { score: 7 }, left: { score: 3 } },
  });
  expect(artifacts).toMatchObject({ best: 7, note: '3 7 2,2', rounds: [0] });
});

test('runStep gives a join its branches in the order of the split', async () => {
  const { artifacts } = await runStep(Ratings, 'merge', { parameters, inputs: [{ score: 3 }, { score: 7 }] });
  expect(artifacts.note).toBe('3 7 2,2');
});

test('runStep merges artifacts on which the inputs agree, and rejects when they do not', async () => {
  const agreed = { seen: new Map([['a', 1]]) };
  const { artifacts } = await runStep(Ratings, 'merge', { parameters, inputs: [agreed, agreed] });
  expect(artifacts.seen).toEqual(agreed.seen);
  const inputs = [{ titles: ['a'] }, { titles: ['b'] }];
  await expect(runStep(Ratings, 'merge', { parameters, inputs })).rejects.toThrow(
    'Step merge cannot merge titles: the inputs have different values',
  );
});

test('runStep merges an initial value that is another each time, since a run would have one', async () => {
  let made = 0;
  class Stamped extends FlowSpec {
    stamp = (made += 1);
    start = step(() => this.next(this.a, this.b));
    a = step(() => this.next(this.merge));
    b = step(() => this.next(this.merge));
    merge = join((inputs: Inputs<this>) => {
      this.mergeArtifacts(inputs);
      this.next(this.end);
    });
    end = step();
  }
  const { artifacts } = await runStep(Stamped, 'merge', { inputs: { a: {}, b: {} } });
  expect(artifacts.stamp).toBeLessThan(made);
});

test('runStep gives a join the tasks of a foreach, also none', async () => {
  const inputs = [{ score: 3 }, { score: 1 }, { score: 2 }];
  expect((await runStep(Ratings, 'gather', { parameters, inputs })).artifacts.rounds).toEqual([3, 1, 2]);
  expect((await runStep(Ratings, 'gather', { parameters, inputs: [] })).artifacts.rounds).toEqual([]);
});

test('runStep gives what the step changed in place, and leaves what it was given alone', async () => {
  const rounds = [1];
  const { artifacts } = await runStep(Ratings, 'decide', { parameters, artifacts: { rounds, best: 9 } });
  expect([artifacts.rounds, rounds]).toEqual([[1, 9], [1]]);
});

test('runStep gives artifacts that are no views of one another', async () => {
  const given = { bytes: Uint8Array.of(1, 2, 3) };
  const one = await runStep(Ratings, 'end', { parameters, artifacts: given });
  one.artifacts.bytes[0] = 9;
  given.bytes[1] = 9;
  expect([...one.artifacts.bytes]).toEqual([9, 2, 3]);
});

test('runStep checks parameters as a run does, and applies defaults', async () => {
  class Shown extends Ratings {
    override end = step(() => {
      this.handle = [this.since, this.plan, this.factor];
    });
  }
  const { artifacts } = await runStep(Shown, 'end', { parameters: { limit: 1, plan: { depth: 3 } } });
  expect(artifacts.handle).toEqual([new Date('2026-11-21'), { depth: 3 }, 2]);
  await expect(runStep(Ratings, 'end')).rejects.toMatchObject({ name: 'InvalidOptionError', option: 'limit' });
  await expect(runStep(Ratings, 'end', { parameters: { limit: 1, factor: 0.5 } })).rejects.toMatchObject({
    name: 'InvalidOptionError',
    option: 'factor',
    received: '0.5',
  });
  // @ts-expect-error -- no such parameter
  const misspelt = runStep(Ratings, 'end', { parameters: { limit: 1, facter: 3 } });
  await expect(misspelt).rejects.toThrow('The flow has no parameter facter\nDid you mean factor?');
});

test('runStep rejects with the very error that the step threw, and tells where', async () => {
  const thrown = new RangeError('boom');
  class Failing extends FlowSpec {
    start = step(() => {
      if (Math.PI > 3) throw thrown;
      this.next(this.end);
    });
    end = step();
  }
  await expect(runStep(Failing, 'start')).rejects.toBe(thrown);
  expect(thrown.stack).toContain('run-step.test.ts');
  expect(failedTask(thrown)).toEqual({
    pathspec: 'Failing/test/start/1',
    step: 'start',
    id: '1',
    index: undefined,
  });
  expect([failedTask(new Error('another')), failedTask('text')]).toEqual([undefined, undefined]);
});

test('runStep rejects naming the artifact that cannot be stored', async () => {
  class Leaking extends FlowSpec {
    client: unknown;
    start = step(() => {
      this.client = { inner: new Unstorable() };
      this.next(this.end);
    });
    end = step();
  }
  const message = 'the artifact "client" cannot be stored: it holds an instance of Unstorable at .inner';
  await expect(runStep(Leaking, 'start')).rejects.toThrow(message);
  const artifacts = { client: { inner: new Unstorable() } };
  await expect(runStep(Leaking, 'end', { artifacts })).rejects.toThrow(message);
});

test('runStep rejects items that cannot be stored, too many, or none', async () => {
  class Fanning extends FlowSpec {
    items: readonly number[] = [];
    start = step(() => this.next(this.work, { foreach: this.items.map((item) => (item < 0 ? () => item : item)) }));
    work = step((_item: unknown) => this.next(this.gather));
    gather = join((_inputs: Inputs<this>) => this.next(this.end));
    end = step();
  }
  await expect(runStep(Fanning, 'start')).rejects.toThrow('has no items');
  await expect(runStep(Fanning, 'start', { artifacts: { items: [0, -1] } })).rejects.toThrow(
    'item 1 of the foreach of step start cannot be stored: it holds a function',
  );
  const many = { items: Array.from({ length: 101 }, (_, index) => index) };
  await expect(runStep(Fanning, 'start', { artifacts: many })).rejects.toThrow(
    'has 101 items, more than the 100 that are allowed',
  );
  const { transition } = await runStep(Fanning, 'start', { artifacts: many, maxNumSplits: 101 });
  expect(transition).toMatchObject({ kind: 'foreach', items: { length: 101 } });
  await expect(runStep(Fanning, 'work', { item: () => 1 })).rejects.toThrow(
    'the item given to step work cannot be stored: it holds a function',
  );
});

test('runStep rejects a transition that the source of the step does not say', async () => {
  class Roundabout extends FlowSpec {
    start = step(() => {
      const go = this.next.bind(this);
      go(this.other);
      if (Math.PI < 3) this.next(this.end);
    });
    other = step(() => this.next(this.end));
    end = step();
  }
  await expect(runStep(Roundabout, 'start')).rejects.toThrow('step start went to other, and its source says end');
});

test('runStep rejects a step without this.next(), and a step that there is not', async () => {
  class Silent extends FlowSpec {
    start = step(() => {});
    end = step();
  }
  await expect(runStep(Silent, 'start')).rejects.toThrow(
    'Step start of Silent returned without having called this.next()',
  );
  // @ts-expect-error -- no such step
  await expect(runStep(Silent, 'middle')).rejects.toThrow('Silent has no step middle\nIts steps are: start, end.');
});

test('runStep rejects what does not fit the kind of the step', async () => {
  const refused = async (stepName: 'left' | 'merge' | 'gather' | 'rate', options: object): Promise<string> => {
    const error: unknown = await runStep(Ratings, stepName, { parameters, ...options }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message.split('\n')[0] ?? '';
  };
  expect(await refused('left', { inputs: [] })).toBe('Step left of Ratings was given inputs, and is no join');
  expect(await refused('left', { item: 1 })).toBe('Step left of Ratings was given an item, and no foreach leads to it');
  expect(await refused('left', { artifacts: { limit: 3 } })).toBe(
    'Step left of Ratings was given limit, which is a parameter and no artifact',
  );
  expect(await refused('left', { artifacts: { merge: 3 } })).toBe(
    'Step left of Ratings was given merge, which is a step and no artifact',
  );
  expect(await refused('left', { artifacts: { shout: 3 } })).toBe(
    'Step left of Ratings was given shout, which is a member of the class and no artifact',
  );
  expect(await refused('rate', {})).toBe(
    'Step rate of Ratings gets an item from the foreach in step fan, and was given none',
  );
  expect(await refused('rate', { item: 'a', foreachStack: [] })).toBe(
    'Step rate of Ratings was given both item and foreachStack',
  );
  expect(await refused('merge', {})).toBe('Step merge of Ratings is a join and was given no inputs');
  expect(await refused('merge', { artifacts: {} })).toBe(
    'Step merge of Ratings was given artifacts, and is a join, which starts from its inputs',
  );
  expect(await refused('merge', { inputs: { left: {} } })).toBe(
    'Step merge of Ratings joins the branches left, right, and the inputs given are those of left',
  );
  expect(await refused('merge', { inputs: { left: {}, right: {}, fan: {} } })).toBe(
    'Step merge of Ratings joins the branches left, right, and the inputs given are those of left, right, fan',
  );
  expect(await refused('merge', { inputs: [{}] })).toBe(
    'Step merge of Ratings joins the branches left, right, and the inputs given are 1 in an array',
  );
  expect(await refused('gather', { inputs: { rate: {} } })).toBe(
    'Step gather of Ratings joins the tasks of the foreach in step fan, and was given inputs by name',
  );
});

class Looking extends FlowSpec {
  items: readonly string[] = [];
  seen: unknown;
  start = step(() => this.next(this.look, { foreach: this.items }));
  look = step((item: string) => {
    const { flowName, runId, stepName, taskId, pathspec, retryCount, originRunId, username, tags, index } = current;
    this.seen = { flowName, runId, stepName, taskId, pathspec, retryCount, originRunId, username, tags, index, item };
    this.next(this.stacked);
  });
  stacked = step(() => {
    this.seen = current.foreachStack;
    this.next(this.gather);
  });
  gather = join((_inputs: Inputs<this>) => this.next(this.end));
  end = step(() => {
    this.seen = current.signal.aborted;
  });
}

test('current speaks of the task that a test runs', async () => {
  const { artifacts } = await runStep(Looking, 'look', { item: 'x' });
  expect(artifacts.seen).toEqual({
    flowName: 'Looking',
    runId: 'test',
    stepName: 'look',
    taskId: '1',
    pathspec: 'Looking/test/look/1',
    retryCount: 0,
    originRunId: undefined,
    username: 'test',
    tags: [],
    index: 0,
    item: 'x',
  });
});

test('current says of the run what the test wants it to', async () => {
  const said = { runId: '7', retryCount: 2, originRunId: '6', username: 'ada', tags: ['nightly'] };
  const foreachStack = [
    { index: 1, count: 2, value: 'outer' },
    { index: 4, count: 5, value: 'inner' },
  ];
  const { artifacts, index } = await runStep(Looking, 'look', { current: said, foreachStack });
  expect(artifacts.seen).toMatchObject({ ...said, index: 4, item: 'inner', pathspec: 'Looking/7/look/1' });
  expect(index).toBe(4);
  expect((await runStep(Looking, 'stacked', { foreachStack })).artifacts.seen).toEqual(foreachStack);
});

test('current.signal is the one that the test gives, and is never aborted without', async () => {
  expect((await runStep(Looking, 'end')).artifacts.seen).toBe(false);
  expect((await runStep(Looking, 'end', { signal: AbortSignal.abort() })).artifacts.seen).toBe(true);
});

test('current speaks of no task before, after, and in what the step left running', async () => {
  let later = (): string => '';
  class Leaving extends FlowSpec {
    start = step(() => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const read = promise.then(() => current.stepName);
      read.catch(() => {});
      leftRunning = read;
      later = () => (resolve(), '');
      this.next(this.end);
    });
    end = step();
  }
  let leftRunning: Promise<string> | undefined;
  await runStep(Leaving, 'start');
  later();
  await expect(leftRunning).rejects.toThrow('no task is running in this process');
  expect(() => current.stepName).toThrow('no task is running in this process');
});

test('current.tempdir is a folder of the task that is gone when the task has ended, also when it failed', async () => {
  const folders: string[] = [];
  class Writing extends FlowSpec {
    content: string[] = [];
    isFailing = false;
    start = step(() => {
      folders.push(current.tempdir);
      writeFileSync(joinPath(current.tempdir, 'a.txt'), 'a');
      this.content = readdirSync(current.tempdir);
      if (this.isFailing) throw new Error('boom');
      this.next(this.end);
    });
    end = step();
  }
  const { artifacts } = await runStep(Writing, 'start');
  await expect(runStep(Writing, 'start', { artifacts: { isFailing: true } })).rejects.toThrow('boom');
  expect(artifacts.content).toEqual(['a.txt']);
  expect(new Set(folders).size).toBe(2);
  expect(folders.filter((folder) => existsSync(folder))).toEqual([]);
});

test('runStep takes a subclass in which the test replaces what is no data', async () => {
  class Fetching extends FlowSpec {
    page = '';
    fetchPage = async (url: string): Promise<string> => (await fetch(url)).text();
    start = step(async () => {
      this.page = await this.fetchPage('https://example.invalid');
      this.next(this.end);
    });
    end = step();
  }
  class FakeFetching extends Fetching {
    override fetchPage = async (url: string): Promise<string> => Promise.resolve(`page of ${url}`);
  }
  const { artifacts } = await runStep(FakeFetching, 'start');
  expect(artifacts.page).toBe('page of https://example.invalid');
});

test('runStep runs a step within what its decorators wrap around it, once, and leaves the rest of them to a run', async () => {
  const labelled = defineDecorator<{ label: string }>('labelled', {
    around: async ({ options, flow }, next) => {
      await next();
      flow['label'] = options.label;
    },
  });
  let attempts = 0;
  class Decorated extends FlowSpec {
    label = '';
    isFailing = false;
    start = step([labelled({ label: 'wrapped' }), retry({ times: 3 }), catchError({ artifact: 'error' })], () => {
      attempts += 1;
      if (this.isFailing) throw new Error('boom');
      this.next(this.end);
    });
    end = step();
  }
  expect((await runStep(Decorated, 'start')).artifacts.label).toBe('wrapped');
  await expect(runStep(Decorated, 'start', { artifacts: { isFailing: true } })).rejects.toThrow('boom');
  expect(attempts).toBe(2);
});
