import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Runner } from '../../src/index.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

/** The tasks of the latest run, in the order of their ids. */
async function tasksOf(folder: FlowFolder) {
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  if (run === undefined) throw new Error('there is no run');
  const tasks = await Array.fromAsync(run.tasks());
  return await Promise.all(
    tasks
      .toSorted((one, other) => Number(one.id) - Number(other.id))
      .map(async (task) => {
        const stdout = await Promise.all(task.attempts.map(({ number }) => task.stdout({ attempt: number })));
        const artifacts = await Array.fromAsync(task.artifacts());
        const values = await Promise.all(artifacts.map(async (one) => [one.name, await one.value()] as const));
        const { stepName, status, reason, caught, exception, attempts } = task;
        return { stepName, status, reason, caught, exception, attempts, stdout, artifacts: Object.fromEntries(values) };
      }),
  );
}

async function stepOf(folder: FlowFolder, name: string) {
  const task = (await tasksOf(folder)).find(({ stepName }) => stepName === name);
  if (task === undefined) throw new Error(`there is no task of ${name}`);
  return task;
}

/** Three steps; the middle one is decorated and does what is given. */
function flowOf(decorators: string, middle: string, fields = ''): string {
  return `
    export class Sample extends FlowSpec {
      ${fields}
      kept = 'initial';
      start = step(() => { this.kept = 'by start'; this.next(this.middle); });
      middle = step([${decorators}], async () => { ${middle} this.next(this.end); });
      end = step(() => { trace('end', this.kept); });
    }`;
}

function linesOf(folder: FlowFolder, name: string): string[] {
  return folder.trace(name).trim().split('\n');
}

function isAlive(pid: number): boolean {
  try {
    // A process that has ended and was not reaped by the container's first process counts as gone.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('retry', () => {
  test('tries a failed task again, in another process, from what its parent left, and keeps the attempts apart', async () => {
    using folder = flowFolder(
      flowOf(
        'retry({ times: 5 })',
        `trace('pids', String(process.pid)); console.log('attempt', current.retryCount, this.kept); this.kept += '!';
         if (current.retryCount < 2) throw new Error('flaky ' + current.retryCount);`,
      ),
    );
    const { status, stdout, stderr } = await folder.run(['run']);
    expect(status).toBe(0);
    const middle = await stepOf(folder, 'middle');
    expect(middle.status).toBe('successful');
    expect(middle.attempts.map(({ number, status: one, reason }) => [number, one, reason])).toStrictEqual([
      [0, 'failed', { kind: 'exception', message: 'Error: flaky 0' }],
      [1, 'failed', { kind: 'exception', message: 'Error: flaky 1' }],
      [2, 'successful', undefined],
    ]);
    expect(middle.stdout).toStrictEqual(['attempt 0 by start\n', 'attempt 1 by start\n', 'attempt 2 by start\n']);
    expect(middle.artifacts).toStrictEqual({ kept: 'by start!' });
    expect(new Set(linesOf(folder, 'pids')).size).toBe(3);
    expect(stdout).toContain('Task failed. It will be tried again.');
    expect(stdout).toContain('Task is starting (retry 2).');
    expect(stderr).toMatch(
      /Step middle \(task-id 2, attempt 1\) failed: Error: flaky 1\n\s+at Sample\.<anonymous> \(sample\.js:\d+/,
    );
  });

  test('waits as long as it is told to, each time longer', async () => {
    using folder = flowFolder(
      flowOf('retry({ times: 2, delayMs: 150, backoff: 2 })', `if (current.retryCount < 2) throw new Error('no');`),
    );
    expect((await folder.run(['run'])).status).toBe(0);
    const { attempts } = await stepOf(folder, 'middle');
    const pauses = attempts
      .slice(1)
      .map(({ startedAt }, index) => startedAt.getTime() - (attempts[index]?.finishedAt?.getTime() ?? NaN));
    // Times are kept in whole milliseconds.
    expect(pauses[0]).toBeGreaterThanOrEqual(149);
    expect(pauses[1]).toBeGreaterThanOrEqual(299);
  });

  test('lets other tasks have the worker while it waits', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(() => this.next(this.flaky, this.other));
        flaky = step([retry({ delayMs: 200 })], () => {
          trace('order', 'flaky ' + current.retryCount);
          if (current.retryCount === 0) throw new Error('no');
          this.next(this.merge);
        });
        other = step(() => { trace('order', 'other'); this.next(this.merge); });
        merge = join(() => this.next(this.end));
        end = step();
      }`);
    expect((await folder.run(['run', '--max-workers=1'])).status).toBe(0);
    expect(linesOf(folder, 'order')).toStrictEqual(['flaky 0', 'other', 'flaky 1']);
  });

  test('gives up after its attempts, and the run has failed with the last one', async () => {
    using folder = flowFolder(flowOf('retry({ times: 2 })', `throw new Error('no ' + current.retryCount);`));
    const { status, stderr } = await folder.run(['run']);
    expect(status).toBe(1);
    const middle = await stepOf(folder, 'middle');
    expect(middle.attempts).toHaveLength(3);
    expect(middle).toMatchObject({
      status: 'failed',
      reason: { message: 'Error: no 2' },
      exception: { message: 'no 2' },
    });
    expect(stderr).toMatch(/The run failed: Sample\/\d+\/middle\/2 failed: Error: no 2/);
  });

  test.each([
    ['throws', 1, `throw new Error('mine');`],
    ['ends its process', 3, 'process.exit(4);'],
    ['is killed', 3, `process.kill(process.pid, 'SIGKILL'); await sleep(60_000);`],
  ])('on crashes only: a step that %s is tried %i time(s)', async (_what, attempts, middle) => {
    using folder = flowFolder(flowOf(`retry({ times: 2, on: 'crash' })`, middle));
    expect((await folder.run(['run'])).status).toBe(1);
    expect((await stepOf(folder, 'middle')).attempts).toHaveLength(attempts);
  });

  test('a run that is ended while a task waits for its next attempt ends at once, and can be resumed', async () => {
    using folder = flowFolder(
      flowOf(
        'retry({ delayMs: 3_600_000 })',
        `if (!existsSync(new URL('mended', import.meta.url))) throw new Error('no');`,
      ),
    );
    const { child, finished, stdout } = folder.start(['run']);
    await until(() => stdout().includes('It will be tried again'));
    child.kill('SIGINT');
    expect((await finished).status).toBe(130);
    expect(await stepOf(folder, 'middle')).toMatchObject({
      status: 'failed',
      reason: { kind: 'exception', message: 'Error: no' },
    });
    writeFileSync(folder.file('mended'), '');
    expect((await folder.run(['resume'])).status).toBe(0);
  });

  test('a task that waits for its next attempt is running', async () => {
    using folder = flowFolder(flowOf('retry({ delayMs: 3_600_000 })', `throw new Error('no');`));
    const { child, finished, stdout } = folder.start(['run']);
    await until(() => stdout().includes('It will be tried again'));
    const middle = await stepOf(folder, 'middle');
    child.kill('SIGTERM');
    await finished;
    expect(middle).toMatchObject({ status: 'running', attempts: [{ status: 'failed' }] });
  });

  test('a failure elsewhere ends the waiting', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(() => this.next(this.flaky, this.other));
        flaky = step([retry({ delayMs: 3_600_000 })], () => { trace('failed', 'x'); throw new Error('later'); this.next(this.merge); });
        other = step(async () => {
          while (!existsSync(new URL('failed', import.meta.url))) await sleep(5);
          await sleep(50);
          throw new Error('at once');
          this.next(this.merge);
        });
        merge = join(() => this.next(this.end));
        end = step();
      }`);
    const { status, stderr } = await folder.run(['run', '--max-workers=2']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/The run failed: Sample\/\d+\/other\/3 failed: Error: at once/);
    expect((await stepOf(folder, 'flaky')).status).toBe('failed');
  });
});

describe('timeout', () => {
  test.each([
    ['awaits for ever', 'await new Promise(() => {});'],
    ['loops for ever', 'for (;;);'],
    ['ignores SIGTERM', `process.on('SIGTERM', () => {}); for (;;) await sleep(1000);`],
  ])('ends a task that %s, and the run says so', async (_what, middle) => {
    using folder = flowFolder(flowOf('timeout({ ms: 300 })', `console.log('begun'); ${middle}`));
    const { status, stderr } = await folder.run(['run', '--grace=0.2']);
    expect(status).toBe(1);
    const task = await stepOf(folder, 'middle');
    expect(task).toMatchObject({ status: 'failed', reason: { kind: 'timeout', timeoutMs: 300 }, stdout: ['begun\n'] });
    expect(stderr).toContain(
      'Step middle (task-id 2, attempt 0) failed: it took longer than the 300 ms that its step allows',
    );
  });

  test('ends everything that the attempt started, in whatever group or session', async () => {
    using folder = flowFolder(
      flowOf(
        `timeout({ ms: 1000 }), catchError()`,
        `for (const args of [['sleep', '600'], ['setsid', 'sleep', '600'], ['sh', '-c', 'trap "" TERM; sleep 600 & wait']]) {
           const child = spawn(args[0]!, args.slice(1), { stdio: 'ignore' });
           trace('children', String(child.pid));
         }
         await new Promise(() => {});`,
      ),
    );
    expect((await folder.run(['run'])).status).toBe(0);
    const children = linesOf(folder, 'children').map(Number);
    expect(children).toHaveLength(3);
    expect(children.filter(isAlive)).toStrictEqual([]);
  });

  test('warns a task that reads current.signal, and it has failed all the same when it then returns', async () => {
    using folder = flowFolder(
      flowOf(
        'timeout({ ms: 200 })',
        `await new Promise((resolve) => current.signal.addEventListener('abort', resolve)); trace('warned', String(current.signal.reason));`,
      ),
    );
    expect((await folder.run(['run'])).status).toBe(1);
    expect(linesOf(folder, 'warned')).toStrictEqual(['Error: the task is to end']);
    expect((await stepOf(folder, 'middle')).reason).toStrictEqual({ kind: 'timeout', timeoutMs: 200 });
  });

  test('counts for each attempt, and not while a process starts', async () => {
    using folder = flowFolder(
      flowOf(
        'retry({ times: 1 }), timeout({ ms: 400 }), isolate()',
        `if (current.retryCount === 0) await new Promise(() => {});`,
      ),
    );
    expect((await folder.run(['run'])).status).toBe(0);
    expect((await stepOf(folder, 'middle')).attempts).toMatchObject([
      { reason: { kind: 'timeout' } },
      { status: 'successful' },
    ]);
  });

  test('a task that is done in time is left alone', async () => {
    using folder = flowFolder(flowOf('timeout({ ms: 60_000 })', ''));
    expect((await folder.run(['run'])).status).toBe(0);
  });
});

describe('catchError', () => {
  test.each([
    ['throws', `throw new TypeError('bad');`, { name: 'TypeError', message: 'bad', kind: 'exception' }],
    [
      'ends its process',
      'process.exit(7);',
      { name: 'exit', message: 'its process ended with exit status 7', kind: 'exit' },
    ],
    ['takes too long', 'await new Promise(() => {});', { name: 'timeout', kind: 'timeout' }],
    ['leaves what cannot be stored', `this.kept = (() => {}) as never;`, { name: 'RacewayError', kind: 'exception' }],
  ])('lets the flow go on after a step that %s', async (_what, middle, failure) => {
    using folder = flowFolder(
      flowOf(
        `retry({ times: 1 }), timeout({ ms: 400 }), catchError({ artifact: 'failure' })`,
        `this.kept = 'spoilt'; ${middle}`,
        'failure?: CaughtError;',
      ),
    );
    const { status, stdout, stderr } = await folder.run(['run']);
    expect(status).toBe(0);
    const task = await stepOf(folder, 'middle');
    expect(task.status).toBe('successful');
    expect(task.caught?.kind).toBe(failure.kind);
    expect(task.artifacts).toMatchObject({ kept: 'by start', failure: { ...failure, step: 'middle', attempt: 1 } });
    expect(task.attempts.map(({ status: one }) => one)).toStrictEqual(['failed', 'successful']);
    expect(linesOf(folder, 'end')).toStrictEqual(['by start']);
    expect(stdout).toContain('Task failed; its error is caught.');
    expect(stderr).toContain('Step middle (task-id 2, attempt 1) failed:');
  });

  test('leaves undefined where nothing was caught, also when an earlier step caught something', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        failure?: CaughtError;
        start = step([catchError({ artifact: 'failure' })], () => { throw new Error('no'); this.next(this.again); });
        again = step([catchError({ artifact: 'failure' })], () => { trace('seen', String(this.failure)); this.next(this.end); });
        end = step(() => trace('seen', String(this.failure)));
      }`);
    expect((await folder.run(['run'])).status).toBe(0);
    expect(linesOf(folder, 'seen')).toStrictEqual(['undefined', 'undefined']);
    expect((await stepOf(folder, 'start')).artifacts['failure']).toMatchObject({ message: 'no' });
  });

  test('a foreach that fails has no items, and one of its tasks that fails is an input like the others', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        failure?: CaughtError;
        square = 0;
        start = step(() => this.next(this.split));
        split = step([catchError()], () => {
          if (process.env['SPLIT_FAILS'] !== undefined) throw new Error('no items');
          this.next(this.work, { foreach: [1, 2, 3] });
        });
        work = step([catchError({ artifact: 'failure' })], (item: number) => {
          if (item === 2) throw new Error('two');
          this.square = item * item;
          this.next(this.merge);
        });
        merge = join((inputs: Inputs<this>) => {
          trace('inputs', JSON.stringify(inputs.map(({ square, failure }) => failure?.message ?? square)));
          this.next(this.end);
        });
        end = step();
      }`);
    expect((await folder.run(['run'])).status).toBe(0);
    expect((await folder.run(['run'], { SPLIT_FAILS: '1' })).status).toBe(0);
    expect(linesOf(folder, 'inputs')).toStrictEqual(['[1,"two",9]', '[]']);
  });

  test('prints nothing of the error when told so', async () => {
    using folder = flowFolder(
      flowOf('retry({ times: 1 }), catchError({ printException: false })', `throw new Error('quiet please');`),
    );
    const { status, stdout, stderr } = await folder.run(['run']);
    expect(status).toBe(0);
    expect(stdout + stderr).not.toContain('quiet please');
  });

  test('does not catch the end of the run', async () => {
    using folder = flowFolder(flowOf('catchError()', `trace('begun', 'x'); await new Promise(() => {});`));
    const { child, finished } = folder.start(['run']);
    await until(() => folder.trace('begun') !== '');
    child.kill('SIGTERM');
    expect((await finished).status).toBe(143);
    expect((await stepOf(folder, 'middle')).reason).toStrictEqual({ kind: 'stopped' });
  });

  test('is refused for a step that chooses by a condition', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step([catchError()], () => this.next({ a: this.a, b: this.end }, { condition: 'a' }));
        a = step(() => this.next(this.end));
        end = step();
      }`);
    const { status, stderr } = await folder.run(['run']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/sample\.js:\d+: Step start chooses by a condition and has catchError\(\)/);
  });

  test.each([
    ['limit', 'which is no field that can be assigned'],
    ['end', 'which is a step'],
    ['method', 'which is no field that can be assigned'],
  ])('is refused with the artifact %s', async (artifact, why) => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec.with({ limit: parameter.integer({ default: 1 }) }) {
        start = step([catchError({ artifact: '${artifact}' })], () => this.next(this.end));
        end = step();
        method() {}
      }`);
    const { status, stderr } = await folder.run(['run']);
    expect(status).toBe(2);
    expect(stderr).toContain(`Step start has catchError() with the artifact ${artifact}, ${why}: name another field.`);
  });

  test('what a caught task read is known: only another value of that makes it run again', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec.with({ a: parameter.integer({ default: 1 }), b: parameter.integer({ default: 1 }) }) {
        start = step([catchError()], () => { trace('ran', 'start'); throw new Error('no ' + this.a); this.next(this.end); });
        end = step(() => { trace('ran', 'end'); if (this.b === 1) throw new Error('end'); });
      }`);
    await folder.run(['run']);
    expect((await folder.run(['resume', '--b=2'])).status).toBe(0);
    expect(linesOf(folder, 'ran')).toStrictEqual(['start', 'end', 'end']);
    expect((await folder.run(['resume', 'end', '--a=2', '--dry-run'])).stdout).toMatch(
      /start +1 task run again: it read a parameter or config that changed/,
    );
  });

  test('a join that fails passes on what its inputs agree on', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        failure?: CaughtError;
        base = 'initial';
        own = 0;
        start = step(() => { this.base = 'from start'; this.next(this.a, this.b); });
        a = step(() => { this.own = 1; this.next(this.merge); });
        b = step(() => { this.own = 2; this.next(this.merge); });
        merge = join([catchError({ artifact: 'failure' })], () => { throw new Error('no'); this.next(this.end); });
        end = step(() => trace('end', [this.base, this.own, this.failure?.message].join()));
      }`);
    expect((await folder.run(['run'])).status).toBe(0);
    expect(linesOf(folder, 'end')).toStrictEqual(['from start,0,no']);
  });

  test('a caught task is taken over by a resume', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        failure?: CaughtError;
        start = step([catchError({ artifact: 'failure' })], () => { trace('ran', 'start'); throw new Error('no'); this.next(this.end); });
        end = step(() => { trace('ran', 'end ' + this.failure?.message); if (!existsSync(new URL('mended', import.meta.url))) throw new Error('end'); });
      }`);
    expect((await folder.run(['run'])).status).toBe(1);
    writeFileSync(folder.file('mended'), '');
    expect((await folder.run(['resume'])).status).toBe(0);
    expect(linesOf(folder, 'ran')).toStrictEqual(['start', 'end no', 'end no']);
    expect((await stepOf(folder, 'start')).caught).toStrictEqual({ kind: 'exception', message: 'Error: no' });
  });
});

describe('environment', () => {
  test('is there for the task and what it starts, and is as it was for the next task in the same process', async () => {
    using folder = flowFolder(`
      const seen = () => [process.pid, process.env['ADDED'] ?? '-', process.env['CHANGED'] ?? '-', spawnSync('sh', ['-c', 'echo $ADDED']).stdout.toString().trim()].join(' ');
      export class Sample extends FlowSpec {
        start = step([environment({ vars: { ADDED: 5, CHANGED: 'new' } })], () => { trace('seen', seen()); this.next(this.end); });
        end = step(() => trace('seen', seen()));
      }`);
    expect((await folder.run(['run'], { CHANGED: 'old' })).status).toBe(0);
    const [start = '', end = ''] = linesOf(folder, 'seen');
    const [pid] = start.split(' ');
    expect(start).toBe(`${pid} 5 new 5`);
    expect(end).toBe(`${pid} - old `.trim());
  });
});

describe('resources', () => {
  test('bound how many tasks run at once', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(() => this.next(this.work, { foreach: [1, 2, 3, 4] }));
        work = step([resources({ cpu: 100_000 })], async (item: number) => {
          trace('spans', '+' + item); await sleep(30); trace('spans', '-' + item);
          this.next(this.merge);
        });
        merge = join(() => this.next(this.end));
        end = step();
      }`);
    expect((await folder.run(['run', '--max-workers=4'])).status).toBe(0);
    expect(linesOf(folder, 'spans')).toStrictEqual(['+1', '-1', '+2', '-2', '+3', '-3', '+4', '-4']);
  });
});

test('tasks that ask for a graphics processor do not run at once where none is seen', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec {
      start = step(() => this.next(this.work, { foreach: [1, 2, 3] }));
      work = step([resources({ cpu: 0.01, gpu: 1 })], async (item: number) => {
        trace('spans', '+' + item); await sleep(30); trace('spans', '-' + item);
        this.next(this.merge);
      });
      merge = join(() => this.next(this.end));
      end = step();
    }`);
  expect((await folder.run(['run', '--max-workers=3'], { CUDA_VISIBLE_DEVICES: '' })).status).toBe(0);
  expect(linesOf(folder, 'spans')).toStrictEqual(['+1', '-1', '+2', '-2', '+3', '-3']);
});

describe('isolate', () => {
  test('gives each task of the step a process that no other task has', async () => {
    using folder = flowFolder(`
      let tasks = 0;
      export class Sample extends FlowSpec {
        start = step(() => { trace('pids', 'start ' + process.pid + ' ' + ++tasks); this.next(this.work, { foreach: [1, 2, 3] }); });
        work = step([isolate()], (_item: number) => { trace('pids', 'work ' + process.pid + ' ' + ++tasks); this.next(this.merge); });
        merge = join(() => { trace('pids', 'merge ' + process.pid + ' ' + ++tasks); this.next(this.end); });
        end = step();
      }`);
    expect((await folder.run(['run', '--max-workers=2'])).status).toBe(0);
    const lines = linesOf(folder, 'pids').map((line) => line.split(' '));
    const work = lines.filter(([name]) => name === 'work');
    const others = lines.filter(([name]) => name !== 'work');
    expect(work.map(([, , count]) => count)).toStrictEqual(['1', '1', '1']);
    expect(new Set(work.map(([, pid]) => pid)).size).toBe(3);
    expect(others.filter(([, pid]) => work.some((other) => other[1] === pid))).toStrictEqual([]);
  });
});

describe('secrets', () => {
  const SECRET = 'p4ss"wörd';

  test.each([['text'], ['json']])('are nowhere in what is shown (%s) or kept', async (format) => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        length = 0;
        start = step([secrets({ sources: ['env:TOKEN', 'KEY=file:key.txt'] })], async () => {
          const { TOKEN = '', KEY = '' } = process.env;
          this.length = TOKEN.length + KEY.length;
          console.log('whole', TOKEN, 'and', KEY);
          console.error('on stderr', TOKEN);
          process.stdout.write('in parts ' + TOKEN.slice(0, 3));
          await sleep(300); // until the first part has been looked at
          process.stdout.write(TOKEN.slice(3) + '\\n');
          spawnSync('sh', ['-c', 'echo child $TOKEN'], { stdio: 'inherit' });
          this.next(this.end);
        });
        end = step(() => {
          trace('end', String(process.env['KEY']));
          class MyError extends Error { override name = 'Oh' + process.env['TOKEN']; }
          throw new MyError('it was ' + process.env['TOKEN'], { cause: new Error(process.env['TOKEN']) });
        });
      }`);
    writeFileSync(folder.file('key.txt'), 'another-secret\n');
    const { status, stdout, stderr } = await folder.run([`--log-format=${format}`, 'run'], { TOKEN: SECRET });
    expect(status).toBe(1);
    const shown = stdout + stderr;
    expect(shown).toContain(`whole ${'*'.repeat(SECRET.length)} and **************`);
    expect(shown).toContain(`in parts ${'*'.repeat(SECRET.length)}`);
    expect(shown).toContain(`child ${'*'.repeat(SECRET.length)}`);
    expect(shown).toContain(`it was ${'*'.repeat(SECRET.length)}`);
    for (const text of [shown, ...filesIn(folder.file('.raceway'))]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toContain('another-secret');
    }
    expect((await stepOf(folder, 'start')).artifacts).toStrictEqual({
      length: SECRET.length + 'another-secret'.length,
    });
    expect(linesOf(folder, 'end')).toStrictEqual(['undefined']);
  });

  test.each([
    [
      'an artifact',
      `this.kept = 'x' + process.env['TOKEN'];`,
      'the artifact "kept" cannot be stored: it holds a secret',
    ],
    [
      'an artifact of bytes',
      `this.bytes = Buffer.from(process.env['TOKEN']!);`,
      'the artifact "bytes" cannot be stored',
    ],
  ])('%s that holds one fails its task', async (_what, body, message) => {
    using folder = flowFolder(flowOf(`secrets({ sources: ['env:TOKEN'] })`, body, 'bytes = new Uint8Array();'));
    const { status, stderr } = await folder.run(['run'], { TOKEN: SECRET });
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    for (const text of filesIn(folder.file('.raceway'))) expect(text).not.toContain(SECRET);
  });

  test('is recognised with the escapes of whatever shows or stores it', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step([secrets({ sources: ['env:TOKEN'] })], () => {
          const { TOKEN } = process.env;
          console.log({ TOKEN });
          console.log(JSON.stringify({ TOKEN }));
          this.next(this.work, { foreach: [{ [TOKEN!]: 1 }] });
        });
        work = step((_: object) => this.next(this.merge));
        merge = join(() => this.next(this.end));
        end = step();
      }`);
    const { stdout, stderr } = await folder.run(['run'], { TOKEN: String.raw`C:\x "<quoted>"` });
    expect(stdout).toMatch(/\] \{ TOKEN: '\*+' \}\n.*\] \{"TOKEN":"\*+"\}\n/);
    expect(stderr).toContain('item 0 of the foreach of step start cannot be stored: it holds a secret');
    for (const text of [stdout, stderr, ...filesIn(folder.file('.raceway'))]) expect(text).not.toContain('quoted');
  });

  test('are hidden in a log also where a process printed them that survived its task', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step([secrets({ sources: ['env:TOKEN'] })], () => {
          const command = 'while [ ! -e go ]; do sleep 0.01; done; echo late $TOKEN; touch printed';
          spawn('sh', ['-c', command], { stdio: ['ignore', 'inherit', 'inherit'] }).unref();
          this.next(this.end);
        });
        end = step(async () => {
          writeFileSync('go', '');
          while (!existsSync('printed')) await sleep(5);
        });
      }`);
    expect(await folder.run(['run'], { TOKEN: SECRET })).toMatchObject({ status: 0 });
    expect((await stepOf(folder, 'start')).stdout).toStrictEqual([`late ${'*'.repeat(Buffer.byteLength(SECRET))}\n`]);
    for (const text of filesIn(folder.file('.raceway'))) expect(text).not.toContain(SECRET);
  });

  test('an item of a foreach that holds one fails its task', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step([secrets({ sources: ['env:TOKEN'] })], () => this.next(this.work, { foreach: ['a', process.env['TOKEN']!] }));
        work = step((_: string) => this.next(this.merge));
        merge = join(() => this.next(this.end));
        end = step();
      }`);
    const { stderr } = await folder.run(['run'], { TOKEN: SECRET });
    expect(stderr).toContain('item 1 of the foreach of step start cannot be stored: it holds a secret');
  });

  test.each([
    [
      'env:TOKEN',
      'cannot read the secret env:TOKEN of step middle: it is not set\nSet the variable before you start the run.',
    ],
    ['file:missing.txt', 'cannot read the secret file:missing.txt of step middle: ENOENT'],
  ])('the run is refused when %s is missing', async (source, message) => {
    using folder = flowFolder(flowOf(`secrets({ sources: ['${source}'] })`, ''));
    const { status, stderr } = await folder.run(['run']);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
    expect(existsSync(folder.file('.raceway/logs'))).toBe(false);
  });
});

describe('--with', () => {
  const FLAKY = flowOf('', `if (current.retryCount < 1) throw new Error('flaky');`);

  test.each([
    ['before the command', ['--with=retry:times=1', 'run'], {}],
    ['behind the command', ['run', '--with', 'retry:times=1'], {}],
    ['in the environment', ['run'], { RACEWAY_WITH: 'retry:times=1 isolate' }],
    ['in the environment of run', ['run'], { RACEWAY_RUN_WITH: 'retry:times=1' }],
  ])('decorates every step, given %s', async (_where, args, environment) => {
    using folder = flowFolder(FLAKY);
    expect((await folder.run(args, environment)).status).toBe(0);
    expect((await stepOf(folder, 'middle')).attempts).toHaveLength(2);
  });

  test('comes from a Runner as with or decospecs, for all its runs or for one', async () => {
    using folder = flowFolder(FLAKY);
    for (const options of [{ with: ['retry:times=1'] }, { decospecs: ['retry:times=1'] }]) {
      await using runner = new Runner(folder.script, { cwd: folder.path, showOutput: false, ...options });
      expect((await runner.run()).status).toBe('successful');
    }
    await using runner = new Runner(folder.script, { cwd: folder.path, showOutput: false });
    expect((await runner.run({}, { with: ['retry:times=1'] })).status).toBe('successful');
    expect((await runner.run()).status).toBe('failed');
  });

  test('leaves a step alone that has the decorator itself', async () => {
    using folder = flowFolder(flowOf('retry({ times: 0 })', `throw new Error('no');`));
    expect((await folder.run(['run', '--with=retry'])).status).toBe(1);
    expect((await stepOf(folder, 'middle')).attempts).toHaveLength(1);
  });

  test('of an unknown decorator is refused with what there is', async () => {
    using folder = flowFolder(FLAKY);
    const { status, stderr } = await folder.run(['--with=retri', 'run']);
    expect(status).toBe(2);
    expect(stderr).toContain('Error: there is no decorator "retri"\nDid you mean retry?');
  });
});

describe('a decorator of the user', () => {
  test('wraps the step where it runs, by name and by --with', async () => {
    using folder = flowFolder(`
      const counted = defineDecorator<{ by?: number }>('counted', {
        around: async ({ flow, options }, next) => {
          await next();
          flow['count'] = (flow['count'] as number) + (options.by ?? 1);
        },
      });
      export class Sample extends FlowSpec {
        count = 0;
        start = step([counted({ by: 10 })], () => { this.count += 100; this.next(this.end); });
        end = step(() => { console.log('in end:', this.count); });
      }`);
    expect((await folder.run(['run', '--with=counted'])).stdout).toContain('in end: 110');
    expect((await stepOf(folder, 'end')).artifacts).toStrictEqual({ count: 111 });
  });

  test('that throws fails the task', async () => {
    using folder = flowFolder(`
      const strict = defineDecorator('strict', { around: async ({ flow }, next) => { await next(); if (flow['kept'] !== 'good') throw new RangeError('not good'); } });
      ${flowOf('strict()', '')}`);
    const { status, stderr } = await folder.run(['run']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Step middle \(task-id 2, attempt 0\) failed: RangeError: not good\n\s+at .*sample\.js:\d+/);
  });
});

describe('--timeout', () => {
  test('ends the run and its tasks, which are warned, with status 124', async () => {
    using folder = flowFolder(
      flowOf(
        '',
        `trace('begun', 'x'); await new Promise((resolve) => current.signal.addEventListener('abort', resolve)); trace('warned', 'x');`,
      ),
    );
    const { status, stdout, stderr } = await folder.run(['run', '--timeout=1.5s']);
    expect(status).toBe(124);
    expect(stdout).toContain('Workflow timed out after 1.5 s');
    expect(stderr).toContain('The run failed: it took longer than its limit');
    expect(linesOf(folder, 'warned')).toStrictEqual(['x']);
    await using home = await folder.home();
    const run = await home.flow('Sample').latestRun();
    expect(run).toMatchObject({ status: 'timeout', reason: { kind: 'timeout' } });
    expect((await stepOf(folder, 'middle')).status).toBe('successful'); // it took the chance to finish
  });

  test('is a timeout to a Runner as well, and the run can be resumed', async () => {
    using folder = flowFolder(flowOf('', `while (!existsSync(new URL('mended', import.meta.url))) await sleep(10);`));
    await using runner = new Runner(folder.script, { cwd: folder.path, showOutput: false });
    const running = await runner.run({}, { timeout: 1 });
    expect(running).toMatchObject({ status: 'timeout', reason: { kind: 'timeout' }, exitCode: 124 });
    writeFileSync(folder.file('mended'), '');
    expect((await runner.resume()).status).toBe('successful');
  });

  test.each(['0', 'soon', '-5'])('of %j is refused', async (text) => {
    using folder = flowFolder(flowOf('', ''));
    const { status, stderr } = await folder.run(['run', `--timeout=${text}`]);
    expect(status).toBe(2);
    expect(stderr).toContain(`--timeout cannot be "${text}": expected a time span such as 90s, 5m or 2h`);
  });
});

/** What all files below a folder hold. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}
