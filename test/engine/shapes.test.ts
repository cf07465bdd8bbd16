import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Run } from '../../src/client/run.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';

/** A flow, what its tasks must be, and what its end must hold. */
interface Shape {
  readonly source: string;
  /** `step[index]<parents`, the parents as `step[index]`, sorted; the tasks in no order. */
  readonly tasks: readonly string[];
  readonly artifacts: Readonly<Record<string, unknown>>;
  readonly args?: readonly string[];
}

const SHAPES: Readonly<Record<string, Shape>> = {
  'a branch of two': {
    source: `
      start = step(() => { this.x = 1; this.next(this.a, this.b); });
      a = step(() => { this.x += 10; this.next(this.merge); });
      b = step(() => { this.x += 20; this.next(this.merge); });
      merge = join((inputs: Inputs<this>) => {
        this.sum = inputs.get('a').x + inputs.get('b').x;
        this.order = [...inputs].map((input) => input.x);
        this.next(this.end);
      });
      end = step();
      x = 0; sum = 0; order: number[] = [];`,
    tasks: ['start<', 'a<start', 'b<start', 'merge<a,b', 'end<merge'],
    artifacts: { sum: 32, order: [11, 21] },
  },
  'a branch of three whose paths have different lengths': {
    source: `
      start = step(() => { this.next(this.a, this.b, this.c); });
      a = step(() => { this.x = 'a'; this.next(this.a2); });
      a2 = step(() => { this.x += '2'; this.next(this.merge); });
      b = step(() => { this.x = 'b'; this.next(this.merge); });
      c = step(() => { this.x = 'c'; this.next(this.merge); });
      merge = join((inputs: Inputs<this>) => { this.all = [...inputs].map((input) => input.x); this.first = inputs.get('a').x; this.next(this.end); });
      end = step();
      x = ''; first = ''; all: string[] = [];`,
    tasks: ['start<', 'a<start', 'a2<a', 'b<start', 'c<start', 'merge<a2,b,c', 'end<merge'],
    artifacts: { all: ['a2', 'b', 'c'], first: 'a2' },
  },
  'a branch within a branch': {
    source: `
      start = step(() => { this.next(this.a, this.b); });
      a = step(() => { this.next(this.a1, this.a2); });
      a1 = step(() => { this.n = 1; this.next(this.inner); });
      a2 = step(() => { this.n = 2; this.next(this.inner); });
      inner = join((inputs: Inputs<this>) => { this.n = [...inputs].reduce((sum, { n }) => sum + n, 0); this.next(this.outer); });
      b = step(() => { this.n = 10; this.next(this.outer); });
      outer = join((inputs: Inputs<this>) => { this.n = [...inputs].reduce((sum, { n }) => sum + n, 0); this.next(this.end); });
      end = step();
      n = 0;`,
    tasks: ['start<', 'a<start', 'b<start', 'a1<a', 'a2<a', 'inner<a1,a2', 'outer<b,inner', 'end<outer'],
    artifacts: { n: 13 },
  },
  'a foreach over an array': {
    source: `
      start = step(() => { this.next(this.work, { foreach: ['x', 'y', 'z'] }); });
      work = step((item: string) => { this.got = item + current.index; this.next(this.merge); });
      merge = join((inputs: Inputs<this>) => { this.all = [...inputs].map(({ got }) => got); this.second = inputs[1]!.got; this.next(this.end); });
      end = step();
      got = ''; second = ''; all: string[] = [];`,
    tasks: ['start<', 'work[0]<start', 'work[1]<start', 'work[2]<start', 'merge<work[0],work[1],work[2]', 'end<merge'],
    artifacts: { all: ['x0', 'y1', 'z2'], second: 'y1' },
  },
  'a foreach over a Set of dates, of which one repeats': {
    source: `
      start = step(() => { this.next(this.work, { foreach: new Set([new Date(1), new Date(1), new Date(2)]) }); });
      work = step((item: Date) => { this.got = item.getTime(); this.next(this.merge); });
      merge = join((inputs: Inputs<this>) => { this.all = [...inputs].map(({ got }) => got); this.next(this.end); });
      end = step();
      got = 0; all: number[] = [];`,
    tasks: ['start<', 'work[0]<start', 'work[1]<start', 'work[2]<start', 'merge<work[0],work[1],work[2]', 'end<merge'],
    artifacts: { all: [1, 1, 2] },
  },
  'a foreach within a foreach, with several steps': {
    source: `
      start = step(() => { this.next(this.outer, { foreach: [2, 3] }); });
      outer = step((size: number) => { this.size = size; this.next(this.inner, { foreach: Array.from({ length: size }, (_, i) => i) }); });
      inner = step((i: number) => { this.at = current.foreachStack.map(({ index, count }) => index + '/' + count).join(' ') + ' ' + i; this.next(this.after); });
      after = step(() => { this.next(this.join1); });
      join1 = join((inputs: Inputs<this>) => { this.list = [...inputs].map(({ at }) => at); this.next(this.join2); });
      join2 = join((inputs: Inputs<this>) => { this.list = [...inputs].flatMap(({ list }) => list); this.next(this.end); });
      end = step();
      size = 0; at = ''; list: string[] = [];`,
    tasks: [
      'start<',
      'outer[0]<start',
      'outer[1]<start',
      'inner[0]<outer[0]',
      'inner[1]<outer[0]',
      'inner[0]<outer[1]',
      'inner[1]<outer[1]',
      'inner[2]<outer[1]',
      'after[0]<inner[0]',
      'after[1]<inner[1]',
      'after[0]<inner[0]',
      'after[1]<inner[1]',
      'after[2]<inner[2]',
      'join1[0]<after[0],after[1]',
      'join1[1]<after[0],after[1],after[2]',
      'join2<join1[0],join1[1]',
      'end<join2',
    ],
    artifacts: { list: ['0/2 0/2 0', '0/2 1/2 1', '1/2 0/3 0', '1/2 1/3 1', '1/2 2/3 2'] },
  },
  'a branch within a foreach': {
    source: `
      start = step(() => { this.next(this.each, { foreach: [1, 2] }); });
      each = step((n: number) => { this.n = n; this.next(this.a, this.b); });
      a = step(() => { this.m = this.n * 10; this.next(this.inner); });
      b = step(() => { this.m = this.n * 100; this.next(this.inner); });
      inner = join((inputs: Inputs<this>) => { this.m = inputs.get('a').m + inputs.get('b').m; this.next(this.outer); });
      outer = join((inputs: Inputs<this>) => { this.all = [...inputs].map(({ m }) => m); this.next(this.end); });
      end = step();
      n = 0; m = 0; all: number[] = [];`,
    tasks: [
      'start<',
      'each[0]<start',
      'each[1]<start',
      'a[0]<each[0]',
      'b[0]<each[0]',
      'a[1]<each[1]',
      'b[1]<each[1]',
      'inner[0]<a[0],b[0]',
      'inner[1]<a[1],b[1]',
      'outer<inner[0],inner[1]',
      'end<outer',
    ],
    artifacts: { all: [110, 220] },
  },
  'an empty foreach that is allowed': {
    source: `
      start = step(() => { this.next(this.work, { foreach: [] as string[], allowEmpty: true }); });
      work = step((item: string) => { this.next(this.merge); });
      merge = join((inputs: Inputs<this>) => { this.count = inputs.length; this.next(this.end); });
      end = step();
      count = -1;`,
    tasks: ['start<', 'merge<start', 'end<merge'],
    artifacts: { count: 0 },
  },
  'a switch': {
    source: `
      start = step(() => { this.next({ yes: this.a, no: this.b }, { condition: 'no' as 'yes' | 'no' }); });
      a = step(() => { this.way = 'a'; this.next(this.end); });
      b = step(() => { this.way = 'b'; this.next(this.end); });
      end = step();
      way = '';`,
    tasks: ['start<', 'b<start', 'end<b'],
    artifacts: { way: 'b' },
  },
  'recursion through a switch': {
    source: `
      start = step(() => { this.next(this.refine); });
      refine = step(() => { this.n += 1; this.next({ true: this.refine, false: this.end }, { condition: this.n < 4 }); });
      end = step();
      n = 0;`,
    tasks: ['start<', 'refine<start', 'refine<refine', 'refine<refine', 'refine<refine', 'end<refine'],
    artifacts: { n: 4 },
  },
  'a join that merges': {
    source: `
      start = step(() => { this.common = [1]; this.next(this.a, this.b); });
      a = step(() => { this.fromA = 'a'; this.mine = 1; this.next(this.merge); });
      b = step(() => { this.fromB = 'b'; this.mine = 2; this.next(this.merge); });
      merge = join((inputs: Inputs<this>) => { this.mine = 3; this.mergeArtifacts(inputs); this.next(this.end); });
      end = step();
      common: number[] = []; fromA: string | undefined; fromB: string | undefined; mine = 0;`,
    tasks: ['start<', 'a<start', 'b<start', 'merge<a,b', 'end<merge'],
    artifacts: { common: [1], fromA: 'a', fromB: 'b', mine: 3 },
  },
};

describe.each(Object.entries(SHAPES))('%s', (_, { source, tasks, artifacts, args = [] }) => {
  test.each(['pool', 'task'])(
    'has just the tasks, parents, indices and artifacts it must have, with --isolation=%s',
    async (isolation) => {
      using folder = flowFolder(`export class Sample extends FlowSpec {${source}}`);
      const { stderr, status } = await folder.run(['--quiet', 'run', `--isolation=${isolation}`, ...args]);
      expect(stderr.replace(/^Made the home.*\n/m, '')).toBe('');
      expect(status).toBe(0);
      await using latest = await latestRun(folder);
      expect((await describeTasks(latest.run)).toSorted()).toStrictEqual(tasks.toSorted());
      const names = Object.keys(artifacts);
      expect(await latest.run.load(...names)).toStrictEqual(artifacts);
    },
  );
});

test('the children of a foreach that did not finish are all that a resume executes, and then the join', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec.with({ bad: parameter.integer({ default: 3 }) }) {
      start = step(() => { trace('ran', 'start'); this.next(this.work, { foreach: [0, 1, 2, 3, 4, 5, 6, 7] }); });
      work = step((item: number) => {
        trace('ran', 'work ' + item);
        if (item === 3 && !existsSync('mended')) throw new Error('bad item');
        this.got = item * 2;
        this.next(this.merge);
      });
      merge = join((inputs: Inputs<this>) => { trace('ran', 'merge'); this.all = [...inputs].map(({ got }) => got); this.next(this.end); });
      end = step();
      got = 0; all: number[] = [];
    }`);
  expect((await folder.run(['run', '--max-workers=1'])).status).toBe(1);
  expect(folder.trace('ran').trim().split('\n')).toStrictEqual(['start', 'work 0', 'work 1', 'work 2', 'work 3']);
  writeFileSync(folder.file('mended'), '');
  expect((await folder.run(['resume', '--max-workers=1'])).status).toBe(0);
  expect(folder.trace('ran').trim().split('\n').slice(5)).toStrictEqual([
    'work 3',
    'work 4',
    'work 5',
    'work 6',
    'work 7',
    'merge',
  ]);
  await using latest = await latestRun(folder);
  expect(await latest.run.load('all')).toStrictEqual({ all: [0, 2, 4, 6, 8, 10, 12, 14] });
});

test('a foreach with more items than allowed fails its task, naming the option', async () => {
  using folder = flowFolder(`export class Sample extends FlowSpec {
    start = step(() => { this.next(this.work, { foreach: [1, 2, 3] }); });
    work = step((n: number) => { this.next(this.merge); });
    merge = join(() => { this.next(this.end); });
    end = step();
  }`);
  const { stderr } = await folder.run(['--quiet', 'run', '--max-num-splits=2']);
  expect(stderr).toContain('the foreach of step start has 3 items, more than the 2 that are allowed');
  expect(stderr).toContain('--max-num-splits');
});

test('a branch that fails stops the run, and its sibling', async () => {
  using folder = flowFolder(`export class Sample extends FlowSpec {
    start = step(() => { this.next(this.a, this.b); });
    a = step(async () => { trace('begun', ''); await sleep(600_000); this.next(this.merge); });
    b = step(async () => { while (!existsSync('begun')) await sleep(5); throw new Error('no'); this.next(this.merge); });
    merge = join(() => { this.next(this.end); });
    end = step();
  }`);
  const { status } = await folder.run(['--quiet', 'run', '--max-workers=2']);
  expect(status).toBe(1);
  await using latest = await latestRun(folder);
  const reasons = Object.fromEntries(
    (await Array.fromAsync(latest.run.tasks())).map((task) => [task.stepName, task.reason?.kind]),
  );
  expect(reasons).toStrictEqual({ start: undefined, a: 'stopped', b: 'exception' });
});

async function latestRun(folder: FlowFolder) {
  const home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  if (run === undefined) throw new Error('there is no run');
  return { run, [Symbol.asyncDispose]: () => home.close() };
}

async function describeTasks(run: Run): Promise<string[]> {
  const tasks = await Array.fromAsync(run.tasks());
  const name = ({ stepName, index }: { stepName: string; index: number | undefined }) =>
    index === undefined ? stepName : `${stepName}[${index}]`;
  return Promise.all(
    tasks.map(async (task) => {
      const parents = await Array.fromAsync(task.parentTasks());
      return `${name(task)}<${parents.map(name).toSorted().join(',')}`;
    }),
  );
}
