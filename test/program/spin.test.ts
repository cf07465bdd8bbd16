import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Home } from '../../src/client/home.ts';
import type { Run } from '../../src/client/run.ts';
import type { Task } from '../../src/client/task.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { type FlowFolder, flowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

const LINEAR = `
export class Sample extends FlowSpec.with({ size: parameter.integer({ default: 2 }), fail: parameter.boolean({ default: false }) }) {
  items: number[] = [];
  total = 0;
  start = step(() => {
    trace('ran', 'start');
    this.items = [1, 2, 3];
    this.next(this.middle);
  });
  middle = step(() => {
    trace('ran', 'middle');
    console.log('middle of run ' + current.runId + ' with ' + this.items);
    this.items.push(this.size);
    if (this.fail) throw new Error('asked to');
    this.next(this.end);
  });
  end = step(() => trace('ran', 'end'));
}`;

/** A foreach within a branch, a switch, joins of both. */
const BRANCHES = `
export class Sample extends FlowSpec.with({ bad: parameter.integer({ default: -1 }), many: parameter.integer({ default: 3 }) }) {
  names: string[] = [];
  score = 0;
  start = step(() => this.next(this.split, this.pick));
  split = step(() => {
    this.names = ['x', 'y', 'z'].slice(0, this.many);
    this.next(this.work, { foreach: this.names, allowEmpty: true });
  });
  work = step((name: string) => {
    const { index, foreachStack } = current;
    trace('work', JSON.stringify({ name, index, foreachStack }));
    if (index === this.bad) throw new Error('bad ' + name);
    this.score = (index ?? 0) * 10;
    this.next(this.gather);
  });
  gather = join((inputs: Inputs<this>) => {
    trace('gather', JSON.stringify(inputs.map(({ score }) => score)));
    this.score = inputs.reduce((sum, { score }) => sum + score, 0);
    this.next(this.merge);
  });
  pick = step(() => this.next({ yes: this.left, no: this.right }, { condition: this.many > 0 ? 'yes' : 'no' }));
  left = step(() => {
    this.score = 5;
    this.next(this.merge);
  });
  right = step(() => {
    this.score = 6;
    this.next(this.merge);
  });
  merge = join((inputs: Inputs<this>) => {
    trace('merge', inputs.get('split').score + ' ' + inputs.get('pick').score);
    this.score = inputs.length;
    this.next(this.end);
  });
  end = step();
}`;

function lines(folder: FlowFolder, name: string): string[] {
  return folder.trace(name).trim().split('\n');
}

/** The run that was started last; without a kind, not a spin. */
async function latest(home: Home, kind?: 'spin'): Promise<Run> {
  const [run] = await Array.fromAsync(home.flow('Sample').runs({ kind, limit: 1 }));
  if (run === undefined) throw new Error('there is no run');
  return run;
}

/** The only task of the spin that was started last. */
async function spunTask(home: Home): Promise<Task> {
  const tasks = await Array.fromAsync((await latest(home, 'spin')).tasks());
  const [task] = tasks;
  if (task === undefined || tasks.length !== 1) throw new Error(`there are ${tasks.length} tasks`);
  return task;
}

describe('spin', () => {
  test('executes a task alone, with what its parent left', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run', '--size=7']);
    const { status, stdout } = await folder.run(['spin', 'middle', '--tag=try']);
    expect(status).toBe(0);
    expect(lines(folder, 'ran')).toStrictEqual(['start', 'middle', 'end', 'middle']);
    await using home = await folder.home();
    const origin = await latest(home);
    const task = await spunTask(home);
    expect(stdout).toContain(`] Spinning ${origin.pathspec}/middle/2\n`);
    expect(task).toMatchObject({ id: '1', stepName: 'middle', originPathspec: `${origin.pathspec}/middle/2` });
    expect(await task.load('items')).toStrictEqual({ items: [1, 2, 3, 7] });
    expect(task.attempts).toHaveLength(1);
    const run = await latest(home, 'spin');
    expect(run).toMatchObject({ kind: 'spin', originRunId: origin.id, userTags: ['try'], status: 'successful' });
    expect(run.parameters).toStrictEqual({ size: 7, fail: false });
  });

  test('leaves a task whose log and attempts are its own, and whose parents are in the origin run', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    await folder.run(['spin', 'middle']);
    await using home = await folder.home();
    const task = await spunTask(home);
    const { id } = await latest(home, 'spin');
    expect(await task.stdout()).toBe(`middle of run ${id} with 1,2,3\n`);
    expect(await Array.fromAsync(task.logLines('stdout'), ({ text }) => text)).toHaveLength(1);
    expect(task.attempts[0]?.startedAt.getTime()).toBeGreaterThanOrEqual(task.createdAt.getTime());
    const parents = await Array.fromAsync(task.parentTasks(), ({ pathspec }) => pathspec);
    expect(parents).toStrictEqual([`${(await latest(home)).pathspec}/start/1`]);
    expect(await Array.fromAsync(task.childTasks())).toStrictEqual([]);
  });

  test('is no run in lists, and not what is resumed', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run', '--fail=true']);
    await using home = await folder.home();
    const origin = await latest(home);
    expect((await folder.run(['spin', 'middle'])).status).toBe(1);
    expect((await latest(home)).id).toBe(origin.id);
    const spun = await latest(home, 'spin');
    const refused = await folder.run(['resume', `--origin-run-id=${spun.id}`]);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(
      `Error: cannot resume ${spun.pathspec}: it is a spin, one task alone, and nothing follows it\n` +
        `Resume the run that the task is from (--origin-run-id=${origin.id}), or spin it again.\n`,
    );
    expect((await folder.run(['resume', '--fail=false'])).status).toBe(0);
    expect((await latest(home)).originRunId).toBe(origin.id);
  });

  test('shows a failure and does not offer to resume', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run', '--fail=true']);
    const { status, stderr } = await folder.run(['spin', 'middle']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Step middle \(task-id 1, attempt 0\) failed: Error: asked to/);
    expect(stderr).not.toContain('To resume it');
  });

  test('executes the source as it is now, again and again', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run', '--fail=true']);
    folder.write(LINEAR.replace('this.items.push(this.size)', 'this.items.push(100)'));
    expect((await folder.run(['spin', 'middle'])).status).toBe(1);
    folder.write(LINEAR.replace('if (this.fail) throw', 'if (this.items.length > 9) throw'));
    expect((await folder.run(['spin', 'middle'])).status).toBe(0);
    await using home = await folder.home();
    expect(await (await spunTask(home)).load('items')).toStrictEqual({ items: [1, 2, 3, 2] });
  });

  test('takes other parameters', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run', '--size=7', '--fail=true']);
    expect((await folder.run(['spin', 'middle', '--fail=false'])).status).toBe(0);
    await using home = await folder.home();
    expect((await latest(home, 'spin')).parameters).toStrictEqual({ size: 7, fail: false });
  });

  test('prints JSON that names the origin task', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    const { stdout } = await folder.run(['spin', 'middle', '--log-format=json']);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    await using home = await folder.home();
    const { originPathspec, pathspec } = await spunTask(home);
    expect(events).toContainEqual(expect.objectContaining({ type: 'task-started', pathspec, originPathspec }));
    const recorded = await Array.fromAsync((await latest(home, 'spin')).watch());
    expect(recorded).toContainEqual(expect.objectContaining({ type: 'task-started', pathspec, originPathspec }));
  });

  test('tells whoever started it the task, when that can be read', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    await folder.run(['spin', 'middle', '--runner-attribute-file=attributes', '--run-id-file=id']);
    await using home = await folder.home();
    const { id } = await latest(home, 'spin');
    expect(JSON.parse(folder.trace('attributes'))).toMatchObject({
      flow_name: 'Sample',
      run_id: id,
      step_name: 'middle',
      task_id: '1',
      home: home.path,
      protocol: 1,
    });
    expect(folder.trace('id')).toBe(id);
  });

  test('leaves what dump, logs and tag can look at', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    await folder.run(['spin', 'middle']);
    await using home = await folder.home();
    const { id } = await latest(home, 'spin');
    expect((await folder.run(['dump', `${id}/middle`])).stdout).toContain('items');
    expect((await folder.run(['logs', `${id}/middle/1`])).stdout).toBe(`middle of run ${id} with 1,2,3\n`);
    await folder.run(['tag', 'add', 'good', `--run-id=${id}`]);
    expect((await latest(home, 'spin')).userTags).toStrictEqual(['good']);
  });
});

describe('what is spun', () => {
  test.each([['work'], ['RUN/work'], ['Sample/RUN/work']])(
    'is the task that failed, when %s is named',
    async (word) => {
      using folder = flowFolder(BRANCHES);
      const id = readRunId(await folder.run(['run', '--bad=1', '--max-workers=1']));
      const { stdout, status } = await folder.run(['spin', word.replace('RUN', id)]);
      expect(status).toBe(1);
      await using home = await folder.home();
      const spun = await spunTask(home);
      expect(spun.index).toBe(1);
      expect(stdout).toContain(
        `Sample/${id}/work has 2 tasks: taking the latest one that failed, ${spun.originPathspec}.`,
      );
    },
  );

  test('is the latest of several that failed, also when their errors were caught', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(() => this.next(this.work, { foreach: [1, 2, 3] }));
        work = step([catchError()], (n: number) => {
          if (n < 3) throw new Error('bad');
          this.next(this.gather);
        });
        gather = join(() => this.next(this.end));
        end = step();
      }`);
    await folder.run(['run', '--max-workers=1']);
    expect((await folder.run(['spin', 'work'])).status).toBe(1);
    await using home = await folder.home();
    expect((await spunTask(home)).index).toBe(1);
  });

  test('is the named foreach item, with its index and stack', async () => {
    using folder = flowFolder(BRANCHES);
    await folder.run(['run']);
    await using home = await folder.home();
    const tasks = await Array.fromAsync((await home.step(`${(await latest(home)).pathspec}/work`)).tasks());
    const second = tasks.find(({ index }) => index === 1);
    const { status } = await folder.run(['spin', second?.pathspec ?? '']);
    expect(status).toBe(0);
    expect(lines(folder, 'work').at(-1)).toBe(
      JSON.stringify({ name: 'y', index: 1, foreachStack: [{ index: 1, count: 3, value: 'y' }] }),
    );
    const spun = await spunTask(home);
    expect([spun.index, await spun.load('score')]).toStrictEqual([1, { score: 10 }]);
  });

  test('is the first of several tasks, when none failed', async () => {
    using folder = flowFolder(BRANCHES);
    await folder.run(['run']);
    const { stdout } = await folder.run(['spin', 'work']);
    expect(stdout).toMatch(/work has 3 tasks: taking the first one, /);
  });

  test('is a join with its inputs in their order and by their names', async () => {
    using folder = flowFolder(BRANCHES);
    await folder.run(['run']);
    expect((await folder.run(['spin', 'gather'])).status).toBe(0);
    expect((await folder.run(['spin', 'merge'])).status).toBe(0);
    expect(lines(folder, 'gather')).toStrictEqual(['[0,10,20]', '[0,10,20]']);
    expect(lines(folder, 'merge')).toStrictEqual(['30 5', '30 5']);
    await using home = await folder.home();
    const parents = await Array.fromAsync((await spunTask(home)).parentTasks(), ({ stepName }) => stepName);
    expect(new Set(parents)).toStrictEqual(new Set(['gather', 'left']));
  });

  test('is a join of a foreach over nothing', async () => {
    using folder = flowFolder(BRANCHES);
    await folder.run(['run', '--many=0']);
    expect((await folder.run(['spin', 'gather'])).status).toBe(0);
    expect(lines(folder, 'gather')).toStrictEqual(['[]', '[]']);
  });

  test('is a switch, or a split, which says where it would go', async () => {
    using folder = flowFolder(BRANCHES);
    await folder.run(['run']);
    for (const name of ['pick', 'split']) expect((await folder.run(['spin', name])).status).toBe(0);
    expect(lines(folder, 'work')).toHaveLength(3);
  });

  test('is the start of a run', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    expect((await folder.run(['spin', 'start'])).status).toBe(0);
  });

  test('is a task of the latest run in which the step has started', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    await using home = await folder.home();
    const first = await latest(home);
    await folder.run(['run', '--fail=true']);
    await folder.run(['spin', 'end']);
    expect((await spunTask(home)).originPathspec).toBe(`${first.pathspec}/end/3`);
  });

  test('is a cloned task, or one behind cloned ones', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    await folder.run([
      'resume',
      '--origin-run-id',
      readRunId(await folder.run(['run', '--fail=true'])),
      '--fail=false',
    ]);
    await folder.run(['spin', 'middle']);
    await folder.run(['spin', 'start']);
    await using home = await folder.home();
    const spun = await spunTask(home);
    const resumed = await latest(home);
    expect(resumed.originRunId).toBeDefined();
    expect([spun.status, spun.originPathspec]).toStrictEqual(['successful', `${resumed.pathspec}/start/1`]);
  });

  test('is the origin of a task that was spun itself', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    await folder.run(['spin', 'middle']);
    await using home = await folder.home();
    const once = await spunTask(home);
    expect((await folder.run(['spin', once.pathspec])).status).toBe(0);
    const twice = await spunTask(home);
    expect(twice.pathspec).not.toBe(once.pathspec);
    expect(twice.originPathspec).toBe(once.originPathspec);
  });

  test('is a task that was running when its run was killed', async () => {
    using folder = flowFolder(
      LINEAR.replace('middle = step(() => {', 'middle = step(async () => {').replace(
        `throw new Error('asked to')`,
        `{ trace('begun', ''); await sleep(600_000); }`,
      ),
    );
    const { child, finished } = folder.start(['run', '--fail=true']);
    await until(() => folder.trace('begun') !== '');
    child.kill('SIGKILL');
    await finished;
    expect((await folder.run(['spin', 'middle', '--fail=false'])).status).toBe(0);
  });
});

/** The id of a run, from its log. */
function readRunId({ stdout }: { readonly stdout: string }): string {
  return /run-id (\d+)/.exec(stdout)?.[1] ?? '';
}

describe('what cannot be spun', () => {
  // Nothing of it changes what is in the home.
  let folder: FlowFolder;
  let id: string;
  beforeAll(async () => {
    folder = flowFolder(LINEAR);
    id = readRunId(await folder.run(['run', '--fail=true']));
  });
  afterAll(() => folder[Symbol.dispose]());

  test.each([
    [
      'a step that the flow never had',
      ['midle'],
      1,
      /there is no run of Sample by .* in which a task of midle has started\nDid you mean middle\?/,
    ],
    [
      'a step that has not started',
      ['end'],
      1,
      /a task of end has started\nIn the latest one these have: start, middle\. Resume it/,
    ],
    [
      'a step that has not started in the run',
      ['RUN/end'],
      1,
      /cannot spin Sample\/RUN\/end: no task of end has started in that run.*\nResume the run instead \(resume --origin-run-id=RUN\)/,
    ],
    ['a run that is not there', ['42/middle'], 1, /there is no run Sample\/42 in the home/],
    [
      'a task that is not there',
      ['RUN/middle/9'],
      1,
      /Sample\/RUN\/middle has no task 9\nIts first task is Sample\/RUN\/middle\/2\./,
    ],
    [
      'a step that the flow does not have',
      ['RUN/midle'],
      1,
      /cannot spin "midle": the flow has no such step now\nDid you mean middle\?/,
    ],
    ['a run', ['Sample/RUN'], 2, /"Sample\/RUN" names no task/],
    ['no pathspec', ['mid dle'], 2, /is not a pathspec/],
    ['nothing', [], 2, /spin needs <step/],
    ['an option of run', ['middle', '--max-workers=2'], 2, /there is no option --max-workers of spin/],
    [
      'an artifact whose name is misspelt',
      ['middle', '--artifacts=itms=[]'],
      2,
      /--artifacts cannot replace itms: the flow has no artifact of that name\nDid you mean items\?/,
    ],
    [
      'an artifact that is a parameter',
      ['middle', '--artifacts=size=1'],
      2,
      /cannot replace size.*\nIt is a parameter; give it as --size=<value>/,
    ],
    [
      'an artifact that is no JSON',
      ['middle', '--artifacts=items=[1'],
      2,
      /--artifacts takes name=<JSON>: the value of items is no JSON/,
    ],
    [
      'an artifact without a value',
      ['middle', '--artifacts=items'],
      2,
      /--artifacts takes name=<JSON>: "items" has no "="/,
    ],
  ])('is %s', async (_, words, status, message) => {
    const put = (text: string) => text.replaceAll('RUN', id);
    const finished = await folder.run(['spin', ...words.map(put)]);
    expect(finished.stderr).toMatch(new RegExp(put(message.source)));
    expect(finished.status).toBe(status);
    expect(finished.stdout).toBe('');
  });

  test('is anything without a home, or in one without runs of the flow', async () => {
    using folder = flowFolder(LINEAR);
    expect((await folder.run(['spin', 'middle'])).stderr).toMatch(/there is no home at .*\.raceway\n/);
    expect(existsSync(folder.file('.raceway'))).toBe(false);
    await openSqliteStore(folder.file('.raceway'), { access: 'write' }).close();
    expect((await folder.run(['spin', 'middle'])).stderr).toMatch(
      /there is no run of Sample by .* to take a task from/,
    );
  });

  test('is a task of a step that was no join then and is one now', async () => {
    using folder = flowFolder(BRANCHES);
    await folder.run(['run']);
    folder.write(BRANCHES.replace('left = step(() => {', 'left = join(() => {'));
    const { stderr, status } = await folder.run(['--no-lint', 'spin', 'left']);
    expect([status, stderr]).toStrictEqual([
      1,
      expect.stringMatching(/cannot spin .*left\/\d+: its step was no join then and is one now\n/),
    ]);
    folder.write(BRANCHES.replace('gather = join((inputs: Inputs<this>) => {', 'gather = step((inputs: any) => {'));
    expect((await folder.run(['--no-lint', 'spin', 'gather'])).stderr).toMatch(
      /its step was a join then and is none now/,
    );
  });
});

describe('the artifacts of a spin', () => {
  test('replace what was inherited, also when they are large', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    const many = Array.from({ length: 20_000 }, (_, index) => index);
    const { status } = await folder.run([
      'spin',
      'middle',
      '--artifacts',
      `items=${JSON.stringify(many)}`,
      '--artifacts=total=9',
    ]);
    expect(status).toBe(0);
    await using home = await folder.home();
    expect(await (await spunTask(home)).load('items', 'total')).toStrictEqual({ items: [...many, 2], total: 9 });
  });

  test('replace the initial values that a start has', async () => {
    using folder = flowFolder(LINEAR);
    await folder.run(['run']);
    await folder.run(['spin', 'start', '--artifacts=total=9']);
    await using home = await folder.home();
    expect(await (await spunTask(home)).load('total')).toStrictEqual({ total: 9 });
  });

  test('cannot be given to a join', async () => {
    using folder = flowFolder(BRANCHES);
    await folder.run(['run']);
    const { stderr, status } = await folder.run(['spin', 'gather', '--artifacts=score=1']);
    expect([status, stderr]).toStrictEqual([2, expect.stringMatching(/gather is a join, which inherits nothing/)]);
  });
});

describe('the decorators of a spun task', () => {
  const decorated = (decorators: string, body: string): string => `
    export class Sample extends FlowSpec {
      failure: unknown;
      start = step([secrets({ sources: ['env:TOKEN'] })], () => this.next(this.work));
      work = step([${decorators}], async () => { ${body}; this.next(this.end); });
      end = step();
    }`;

  test('neither try again nor catch the error, and need no secret of another step', async () => {
    using folder = flowFolder(
      decorated(
        `retry({ times: 2 }), catchError({ artifact: 'failure' }), environment({ vars: { NAME: 'Ada' } })`,
        `trace('work', process.env['NAME'] + current.retryCount); throw new Error('always')`,
      ),
    );
    expect((await folder.run(['run'], { TOKEN: 'hidden-token' })).status).toBe(0);
    expect(lines(folder, 'work')).toHaveLength(3);
    const { status, stderr } = await folder.run(['spin', 'work', '--with=retry:times=5']);
    expect([status, stderr]).toStrictEqual([1, expect.stringContaining('Error: always')]);
    expect(lines(folder, 'work').slice(3)).toStrictEqual(['Ada0']);
  });

  test('limit its time', async () => {
    using folder = flowFolder(decorated(`timeout({ ms: 100 })`, `if (current.originRunId) await sleep(600_000)`));
    await folder.run(['run'], { TOKEN: 'hidden-token' });
    const { status, stderr } = await folder.run(['spin', 'work']);
    expect([status, stderr]).toStrictEqual([1, expect.stringMatching(/Step work .* failed: .*100 ms/)]);
  });
});

test('a secret parameter of a spin is given again, since no run keeps it', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec.with({ token: parameter.string({ secret: true, required: true }) }) {
      start = step(() => this.next(this.end));
      end = step(() => trace('length', String(this.token.length)));
    }`);
  await folder.run(['run'], { RACEWAY_RUN_TOKEN: 'a-long-token' });
  const { status, stderr } = await folder.run(['spin', 'end']);
  expect([status, stderr]).toStrictEqual([2, expect.stringMatching(/^Error: Parameter token /m)]);
  expect((await folder.run(['spin', 'end'], { RACEWAY_RESUME_TOKEN: 'a-token' })).status).toBe(0);
  expect((await folder.run(['spin', 'end'], { RACEWAY_SPIN_TOKEN: 'the-token' })).status).toBe(0);
  expect(lines(folder, 'length')).toStrictEqual(['12', '7', '9']);
});

describe('the end of a spin', () => {
  const waiting = LINEAR.replace('middle = step(() => {', 'middle = step(async () => {').replace(
    `this.items.push(this.size);`,
    `if (current.originRunId) { trace('begun', ''); await sleep(600_000); }`,
  );

  test('says with which status its task crashed', async () => {
    using folder = flowFolder(LINEAR.replace(`throw new Error('asked to')`, 'process.exit(3)'));
    await folder.run(['run', '--fail=true']);
    expect((await folder.run(['spin', 'middle'])).status).toBe(1);
    await using home = await folder.home();
    expect((await spunTask(home)).reason).toStrictEqual({ kind: 'exit', exitCode: 3 });
    expect((await latest(home, 'spin')).reason).toMatchObject({ kind: 'task' });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s has the exit status %i', async (signal, status) => {
    using folder = flowFolder(waiting);
    await folder.run(['run']);
    const { child, finished } = folder.start(['spin', 'middle']);
    await until(() => folder.trace('begun') !== '');
    child.kill(signal);
    expect((await finished).status).toBe(status);
    await using home = await folder.home();
    expect((await latest(home, 'spin')).reason).toStrictEqual({ kind: 'signal', signalCode: signal });
    expect((await spunTask(home)).reason).toStrictEqual({ kind: 'stopped' });
  });

  test('by a broken home is told to spin again', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(async () => {
          trace('begun', '');
          while (existsSync('print')) { console.log('more'); await sleep(5); }
          this.next(this.end);
        });
        end = step();
      }`);
    await folder.run(['run']);
    writeFileSync(folder.file('print'), '');
    const { finished } = folder.start(['spin', 'start']);
    await until(() => folder.trace('begun') === '\n\n');
    rmSync(folder.file('.raceway/logs'), { recursive: true });
    const { stderr, status } = await finished;
    expect(stderr).toMatch(
      /^Error: the task could not go on: something in the home .*ENOENT.*\nBring it .* Then spin it again\.$/m,
    );
    expect(status).toBe(1);
  });

  test('by --timeout has the exit status 124', async () => {
    using folder = flowFolder(waiting);
    await folder.run(['run']);
    expect((await folder.run(['spin', 'middle', '--timeout=1s'])).status).toBe(124);
    await using home = await folder.home();
    expect((await latest(home, 'spin')).status).toBe('timeout');
  });
});

test('spin --help shows its own options', async () => {
  using folder = flowFolder(LINEAR);
  const { stdout } = await folder.run(['spin', '--help']);
  expect(stdout).toContain('spin <step|run/step[/task]> [options]');
  expect(stdout).toContain('--artifacts=<string> ...');
  expect(stdout).not.toMatch(/artifacts-file|max-workers|isolation/);
});
