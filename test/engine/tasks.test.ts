import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { logFile } from '../../src/store/home-folder.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

/** A flow of three steps, of which the middle one does what is given. */
function flowThat(middle: string, fields = ''): string {
  return `
    export class Sample extends FlowSpec {
      ${fields}
      start = step(() => { trace('pids', 'start ' + process.pid); this.next(this.middle); });
      middle = step(async () => { trace('pids', 'middle ' + process.pid); ${middle} this.next(this.end); });
      end = step(() => { trace('pids', 'end ' + process.pid); });
    }`;
}

function pids(folder: FlowFolder): Record<string, string> {
  return Object.fromEntries(
    folder
      .trace('pids')
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
}

async function latestRun(folder: FlowFolder) {
  const home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  if (run === undefined) throw new Error('there is no run');
  return { run, [Symbol.asyncDispose]: () => home.close() };
}

describe('what a task threw', () => {
  test("is shown with the step, the attempt, the user's own frames and the command that resumes", async () => {
    using folder = flowFolder(
      `${flowThat('helper();')}\nfunction helper() { throw new Error('deep', { cause: new Error('deeper') }); }`,
    );
    const { stderr } = await folder.run(['--quiet', 'run']);
    const line =
      readFileSync(folder.script, 'utf8')
        .split('\n')
        .findIndex((text) => text.startsWith('function helper')) + 1;
    expect(stderr).toMatch(/^ {4}Step middle \(task-id 2, attempt 0\) failed: Error: deep$/m);
    expect(stderr).toContain(`at helper (sample.js:${line}:`);
    expect(stderr).toMatch(/Caused by Error: deeper\n/);
    expect(stderr).toMatch(/To resume it: node sample\.js resume --origin-run-id=\d+/);
    expect(stderr).not.toMatch(/dist\/|node:/);
  });

  test('is about an artifact that is named, when that cannot be stored', async () => {
    using folder = flowFolder(flowThat(`this.model = { layers: [() => 1] };`, 'model: unknown;'));
    const { stderr, status } = await folder.run(['--quiet', 'run']);
    expect(status).toBe(1);
    expect(stderr).toContain('the artifact "model" cannot be stored: it holds a function at .layers[0]');
    expect(stderr).toContain('Keep data in fields');
  });
});

describe('a worker', () => {
  test('runs all the steps of a clean flow', async () => {
    using folder = flowFolder(flowThat(''));
    await folder.run(['run']);
    const { start, middle, end } = pids(folder);
    expect([middle, end]).toStrictEqual([start, start]);
  });

  test('runs one task with --isolation=task', async () => {
    using folder = flowFolder(flowThat(''));
    await folder.run(['run', '--isolation=task']);
    expect(new Set(Object.values(pids(folder))).size).toBe(3);
  });
});

describe('what a task prints is kept as it was printed', () => {
  test('its child processes included, each line with the task that wrote it', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(() => {
          process.stdout.write('no newline, ');
          spawnSync('sh', ['-c', 'echo from sh; echo sh error >&2'], { stdio: 'inherit' });
          spawn('sh', ['-c', 'while [ ! -e late ]; do sleep 0.01; done; echo late; touch later'], { stdio: 'inherit' }).unref();
          this.next(this.middle);
        });
        middle = step(async () => {
          writeFileSync('late', '');
          while (!existsSync('later')) await sleep(5);
          console.log('middle');
          this.next(this.end);
        });
        end = step();
      }`);
    expect(await folder.run(['run'])).toMatchObject({ status: 0 });
    await using latest = await latestRun(folder);
    const tasks = Object.fromEntries((await Array.fromAsync(latest.run.tasks())).map((task) => [task.stepName, task]));
    expect(await tasks['start']?.stdout()).toBe('no newline, from sh\nlate\n');
    expect(await tasks['start']?.stderr()).toBe('sh error\n');
    expect(await tasks['middle']?.stdout()).toBe('middle\n');
    expect(await tasks['end']?.stdout()).toBe('');
  });

  test('bytes that are no text included', async () => {
    using folder = flowFolder(flowThat(`process.stdout.write(Buffer.from([0xff, 0x00, 0xc3, 0x0a]));`));
    await folder.run(['run']);
    await using latest = await latestRun(folder);
    const { run } = latest;
    const log = { flow: 'Sample', runId: run.id, taskId: '2', attempt: 0, stream: 'stdout' } as const;
    expect([...readFileSync(logFile(folder.file('.raceway'), log))]).toStrictEqual([0xff, 0, 0xc3, 0x0a]);
  });

  test('beyond --max-log-size all is shown, the beginning is kept, and the log says so', async () => {
    using folder = flowFolder(flowThat(`for (let i = 0; i < 5000; i++) console.log('line ' + i);`));
    const { stdout } = await folder.run(['run', '--max-log-size=0.01']);
    expect(stdout.match(/\] line \d+$/gm)).toHaveLength(5000);
    await using latest = await latestRun(folder);
    const task = (await Array.fromAsync(latest.run.tasks())).find(({ stepName }) => stepName === 'middle');
    const log = (await task?.stdout()) ?? '';
    expect(log).toMatch(/^line 0\nline 1\n/);
    expect(log).toMatch(/\n\[raceway: more was written than --max-log-size=0\.01; the rest was not kept\]\n$/);
    expect(log.length).toBeLessThan(10_200);
  });

  test('200,000 lines come out whole, in order and once', async () => {
    using folder = flowFolder(flowThat(`for (let i = 0; i < 200_000; i++) console.log('line ' + i);`));
    const { stdout } = await folder.run(['run']);
    const lines = stdout.match(/(?<=\] line )\d+$/gm) ?? [];
    expect(lines).toHaveLength(200_000);
    expect(lines.every((line, index) => line === String(index))).toBe(true);
  });

  test('lines are shown while the task runs', async () => {
    using folder = flowFolder(flowThat(`console.log('now'); while (!existsSync('go')) await sleep(5);`));
    const started = folder.start(['run']);
    await until(() => started.stdout().includes('] now'));
    expect(started.child.exitCode).toBeNull();
    writeFileSync(folder.file('go'), '');
    expect((await started.finished).status).toBe(0);
  });
});

describe('artifacts', () => {
  test('are passed on, changed in place, and left as they were where nobody touched them', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec.with({ n: parameter.integer({ default: 2 }) }) {
        counts = new Map<string, number>();
        weights = new Float64Array(20_000);
        note: string | undefined;
        logger = { log: () => {} };
        #secret = 1;
        start = step(() => { this.counts.set('a', this.n); this.weights.fill(this.#secret); this.next(this.middle); });
        middle = step(() => { this.counts.set('b', 1); this.note = 'seen'; this.next(this.end); });
        end = step();
      }`);
    expect(await folder.run(['run'])).toMatchObject({ status: 0 });
    await using latest = await latestRun(folder);
    const { run } = latest;
    expect(await run.load('counts', 'note', 'n')).toStrictEqual({
      counts: new Map([
        ['a', 2],
        ['b', 1],
      ]),
      note: 'seen',
      n: 2,
    });
    expect(((await run.load('weights')) as { weights: Float64Array }).weights.every((weight) => weight === 1)).toBe(
      true,
    );
    const perTask = await Promise.all(
      (await Array.fromAsync(run.tasks())).map(
        async (task) => new Map((await Array.fromAsync(task.artifacts())).map((one) => [one.name, one.sha256])),
      ),
    );
    expect(perTask.map((artifacts) => [...artifacts.keys()])).toStrictEqual([
      ['counts', 'note', 'weights'],
      ['counts', 'note', 'weights'],
      ['counts', 'note', 'weights'],
    ]);
    expect(new Set(perTask.map((artifacts) => artifacts.get('weights'))).size).toBe(1);
    expect(new Set(perTask.map((artifacts) => artifacts.get('counts'))).size).toBe(2);
  });
});

describe('current', () => {
  test('knows the task, and its temporary folder is gone when the task has ended', async () => {
    using folder = flowFolder(
      flowThat(`
        writeFileSync(current.tempdir + '/file', '');
        trace('current', JSON.stringify([current.flowName, current.stepName, current.taskId, current.retryCount, current.tags, current.tempdir]));`),
    );
    await folder.run(['run', '--tag=t']);
    const [flow, step, task, retry, tags, tempdir] = JSON.parse(folder.trace('current')) as [
      string,
      string,
      string,
      number,
      string[],
      string,
    ];
    expect([flow, step, task, retry, tags]).toStrictEqual(['Sample', 'middle', '2', 0, ['t']]);
    await expect(async () => readFileSync(`${tempdir}/file`)).rejects.toThrow('ENOENT');
  });
});

describe('what a step does not await', () => {
  test('is blamed on that step when it fails at once', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(() => { void upload(); this.next(this.end); });
        end = step();
      }
      async function upload() { await null; throw new Error('upload failed'); }`);
    const { stderr, status } = await folder.run(['--quiet', 'run']);
    expect(stderr).toMatch(/Step start .* failed: Error: upload failed\n/);
    expect(status).toBe(1);
  });

  test('is told in its log, and disturbs no other task, when it fails later', async () => {
    using folder = flowFolder(`
      import { readFile } from 'node:fs';
      export class Sample extends FlowSpec {
        start = step(() => { process.nextTick(() => readFile('/dev/null', () => { throw new Error('too late'); })); this.next(this.middle); });
        middle = step(async () => { await sleep(100); this.next(this.end); });
        end = step();
      }`);
    const { stdout, status } = await folder.run(['--quiet', 'run']);
    expect(stdout.match(/Task finished successfully\./g)).toHaveLength(3);
    expect(status).toBe(0);
  });
});

test('what a task prints is shown with the process that executed it, when another could not begin', async () => {
  using folder = flowFolder(`
    if (process.env.RACEWAY_WORKER !== undefined && !existsSync('refused')) {
      process.once('message', () => { trace('refused', String(process.pid)); throw new Error('not me'); });
    }
    ${flowThat('console.log(process.pid);')}`);
  const { status, stdout } = await folder.run(['--quiet', 'run', '--max-workers=1']);
  expect(status).toBe(0);
  const refused = folder.trace('refused').trim();
  expect(stdout).toMatch(new RegExp(`/start/1 \\(pid ${refused}\\)\\] Task is starting`));
  const [, shown, printed] = /\/middle\/2 \(pid (\d+)\)\] (\d+)\n/.exec(stdout) ?? [];
  expect(shown).toBe(printed);
  expect(pids(folder)['start']).not.toBe(refused);
  expect(stdout).toMatch(new RegExp(`/start/1 \\(pid ${pids(folder)['start']}\\)\\] Task finished`));
});

test('a worker that cannot be started is reported with the reason, and is no error of the step', async () => {
  using folder = flowFolder(`
    if (process.env.RACEWAY_WORKER === undefined) process.execPath = '/nonexistent/node';
    export class Sample extends FlowSpec {
      start = step([retry({ times: 1, on: 'crash' })], () => { this.next(this.end); });
      end = step();
    }`);
  const { stderr, status } = await folder.run(['--quiet', 'run']);
  expect(status).toBe(1);
  expect(stderr).toContain(
    '(task-id 1, attempt 1) failed: Error: no worker could be started: spawn /nonexistent/node ENOENT',
  );
  await using latest = await latestRun(folder);
  const [task] = await Array.fromAsync(latest.run.tasks());
  expect(task?.attempts.map(({ reason }) => reason?.kind)).toStrictEqual(['exit', 'exit']);
});

test('a flow cannot speak on the channel of its worker', async () => {
  using folder = flowFolder(flowThat(`trace('send', typeof process.send);`));
  expect(await folder.run(['run'])).toMatchObject({ status: 0 });
  expect(folder.trace('send')).toBe('undefined\n');
});

test('a field that is named like a member of the class is refused', async () => {
  using folder = flowFolder(flowThat(`(this as { constructor: unknown }).constructor = 7;`));
  const { stderr } = await folder.run(['--quiet', 'run']);
  expect(stderr).toContain('Sample.constructor is a member of the class');
});

test('what a process prints after its silent task has ended is in the log of that task', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec {
      start = step(() => this.next(this.silent));
      silent = step(() => this.next(this.middle));
      middle = step(() => {
        const late = 'while ! [ -e go ]; do sleep 0.01; done; echo late; echo x > done';
        spawn('sh', ['-c', late], { stdio: ['ignore', 'inherit', 'inherit'], detached: true }).unref();
        trace('pids', String(process.pid));
        this.next(this.after);
      });
      after = step(async () => {
        trace('pids', String(process.pid));
        writeFileSync('go', '');
        while (!existsSync('done')) await sleep(5);
        this.next(this.last);
      });
      last = step(() => this.next(this.end));
      end = step(() => console.log('the end'));
    }`);
  expect((await folder.run(['run', '--max-workers=1'])).status).toBe(0);
  await using latest = await latestRun(folder);
  const logs = new Map<string, string>();
  for await (const task of latest.run.tasks()) logs.set(task.stepName, await task.stdout());
  expect(Object.fromEntries(logs)).toStrictEqual({
    start: '',
    silent: '',
    middle: 'late\n',
    after: '',
    last: '',
    end: 'the end\n',
  });
  const [middle, after] = folder.trace('pids').trim().split('\n');
  expect(after).toBe(middle); // the same worker, or nothing was shown
});

test('a log that cannot be followed ends the run, with the reason', async () => {
  using folder = flowFolder(flowThat(`trace('begun', ''); for (let i = 0; ; i++) { console.log(i); await sleep(5); }`));
  const { finished } = folder.start(['run']);
  await until(() => folder.trace('begun') !== '');
  rmSync(folder.file('.raceway/logs'), { recursive: true });
  const { stderr, status } = await finished;
  expect(stderr).toMatch(
    /^Error: the run could not go on: something in the home .* was removed .*ENOENT.*\nBring it back .* Then resume the run\.$/m,
  );
  expect(status).toBe(1);
  await using latest = await latestRun(folder);
  expect([latest.run.status, latest.run.reason]).toStrictEqual(['failed', { kind: 'exit', exitCode: 1 }]);
});

test('a long message of an error is shortened where it is a reason', async () => {
  using folder = flowFolder(flowThat(`throw new Error('x'.repeat(5_000_000));`));
  await folder.run(['run']);
  await using latest = await latestRun(folder);
  expect(JSON.stringify(latest.run.reason).length).toBeLessThan(1200);
  expect((await latest.run.failedTask())?.exception?.message).toHaveLength(5_000_000);
});
