import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { identityOf } from '../../src/process/identity.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { processesNamed } from '../processes-named.ts';
import { until } from '../until.ts';

/** A flow whose step says that it has begun and then does what is given. */
function flowThat(work: string): string {
  return `
    export class Sample extends FlowSpec {
      start = step(async () => { ${work} this.next(this.end); });
      end = step();
    }`;
}

const WAITS = flowThat(`trace('begun', String(process.pid)); await sleep(600_000);`);
const LOOPS = flowThat(`trace('begun', String(process.pid)); for (;;);`);
const HAS_CHILDREN = flowThat(
  `spawn('sh', ['-c', 'sleep 600 & sleep 600'], { cwd: '/' }); trace('begun', String(process.pid)); await sleep(600_000);`,
);
const IGNORES = flowThat(`process.on('SIGTERM', () => {}); trace('begun', String(process.pid)); for (;;);`);

async function begin(folder: FlowFolder, args: readonly string[] = []) {
  const started = folder.start(['run', ...args]);
  await until(() => folder.trace('begun') !== '');
  return started;
}

function isAllGone(folder: FlowFolder): boolean {
  return processesNamed(folder.script).length === 0;
}

/** Whether whoever started the process knows that it has ended: until then the system keeps its pid. */
function isReaped(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

async function latestRun(folder: FlowFolder) {
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  return { status: run?.status, reason: run?.reason };
}

test.each([
  ['SIGINT', 130, WAITS],
  ['SIGTERM', 143, WAITS],
  ['SIGHUP', 129, WAITS],
  ['SIGINT', 130, LOOPS],
  ['SIGTERM', 143, HAS_CHILDREN],
] as const)('%s ends a run with status %i, its tasks at once, and is recorded', async (signal, status, source) => {
  using folder = flowFolder(source);
  const { child, finished } = await begin(folder);
  child.kill(signal);
  expect((await finished).status).toBe(status);
  await until(() => isAllGone(folder));
  expect(await latestRun(folder)).toStrictEqual({ status: 'failed', reason: { kind: 'signal', signalCode: signal } });
});

/** A flow that says when it is asked for the default of a parameter, and never answers. */
const NEVER_BEGINS = `
  const unanswered = () => { setInterval(() => {}, 600_000); trace('asked', ''); return new Promise<string>(() => {}); };
  export class Sample extends FlowSpec.with({ word: parameter.string({ default: unanswered }) }) {
    start = step(() => { this.next(this.end); });
    end = step();
  }`;

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends with status %i what has not begun to run', async (signal, status) => {
  using folder = flowFolder(NEVER_BEGINS);
  const { child, finished } = folder.start(['run']);
  await until(() => folder.trace('asked') !== '');
  child.kill(signal);
  const end = await finished;
  expect(end).toMatchObject({ status, signal: null, stdout: '' });
  expect(end.stderr.trimEnd().split('\n').at(-1)).toBe(`Interrupted by ${signal}: no run was started.`);
  await until(() => isAllGone(folder));
});

test('a task that asked for the signal gets the grace to finish, and what it prints is kept', async () => {
  using folder = flowFolder(
    flowThat(`
      const { signal } = current;
      trace('begun', '');
      await sleep(600_000, undefined, { signal }).catch(() => {});
      await sleep(50);
      console.log('put away');`),
  );
  const { child, finished } = await begin(folder);
  child.kill('SIGTERM');
  const { status, stdout } = await finished;
  expect(status).toBe(143);
  expect(stdout).toContain('] put away');
});

test('a task that ignores SIGTERM is killed when the grace is over', async () => {
  using folder = flowFolder(IGNORES);
  const { child, finished } = await begin(folder, ['--grace=0.2']);
  child.kill('SIGTERM');
  expect((await finished).status).toBe(143);
  await until(() => isAllGone(folder));
});

test('a second Ctrl-C waits for no grace', async () => {
  using folder = flowFolder(IGNORES);
  const { child, finished, stdout } = await begin(folder, ['--grace=600']);
  child.kill('SIGINT');
  await until(() => stdout().includes('interrupted'));
  child.kill('SIGINT');
  expect((await finished).status).toBe(130);
});

test('a second Ctrl-C ends a run whose tasks cannot be ended', async () => {
  // As if the kernel held the worker: no signal of the run process arrives there.
  using folder = flowFolder(`if (process.send === undefined) process.kill = () => true;\n${WAITS}`);
  const { child, finished, stdout } = await begin(folder);
  child.kill('SIGINT');
  await until(() => stdout().includes('interrupted'));
  child.kill('SIGINT');
  expect((await finished).status).toBe(130);
  await until(() => isAllGone(folder));
});

test.each([
  ['waits', WAITS],
  ['loops', LOOPS],
  ['has children', HAS_CHILDREN],
])('kill -9 of the run process ends its workers too when the task %s, and the run is lost', async (_, source) => {
  using folder = flowFolder(source);
  const { child, finished } = await begin(folder);
  const worker = Number(folder.trace('begun'));
  child.kill('SIGKILL');
  await finished;
  expect(await latestRun(folder)).toStrictEqual({ status: 'failed', reason: { kind: 'lost' } });
  await until(() => isAllGone(folder) && identityOf(worker) === undefined);
});

test('a run that was stopped for a while is not lost, and goes on', async () => {
  using folder = flowFolder(flowThat(`trace('begun', ''); while (!existsSync('go')) await sleep(5);`));
  const { child, finished } = await begin(folder);
  child.kill('SIGSTOP');
  expect(await latestRun(folder)).toStrictEqual({ status: 'running', reason: undefined });
  await using home = await folder.home();
  const [run] = await Array.fromAsync(home.flow('Sample').runs({ limit: 1 }));
  expect(run?.status).toBe('running');
  child.kill('SIGCONT');
  writeFileSync(folder.file('go'), '');
  expect((await finished).status).toBe(0);
});

test('a process that is left in the background of a task ends with its run', async () => {
  using folder = flowFolder(
    flowThat(
      `const child = spawn('sleep', ['600'], { stdio: 'ignore' }); child.unref(); trace('begun', String(child.pid));`,
    ),
  );
  const { finished } = await begin(folder);
  expect((await finished).status).toBe(0);
  const pid = Number(folder.trace('begun'));
  expect(identityOf(pid)).toBeUndefined();
});

test.each([
  ['failed', `throw new Error('no');`],
  ['crashed', `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`],
  ['succeeded', ''],
])('a process in a session of its own ends with its worker when the attempt has %s', async (_, does) => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec {
      start = step([isolate(), catchError()], async () => {
        const child = spawn('setsid', ['sleep', '600'], { stdio: 'ignore' });
        child.unref();
        trace('begun', String(child.pid));
        ${does}
        this.next(this.wait);
      });
      wait = step(async () => {
        const pid = Number(readFileSync('begun', 'utf8'));
        for (;;) {
          try { process.kill(pid, 0); } catch { break; }
          await sleep(5);
        }
        this.next(this.end);
      });
      end = step();
    }
    import { readFileSync } from 'node:fs';`);
  const { finished } = folder.start(['run', '--timeout=20s']);
  expect((await finished).status).toBe(0);
});

test('nothing that a task started is left when its run has ended, whatever session it is in', async () => {
  using folder = flowFolder(
    flowThat(`const child = spawn('setsid', ['sleep', '600'], { stdio: 'ignore' }); child.unref();
      trace('begun', String(child.pid)); throw new Error('no');`),
  );
  const { finished } = await begin(folder);
  expect((await finished).status).toBe(1);
  expect(identityOf(Number(folder.trace('begun')))).toBeUndefined();
});

test('a worker that is ended a moment before its run process belongs to the same stop', async () => {
  using folder = flowFolder(WAITS);
  const { child, finished } = await begin(folder);
  process.kill(Number(folder.trace('begun')), 'SIGTERM');
  child.kill('SIGTERM');
  expect((await finished).status).toBe(143);
  expect(await latestRun(folder)).toStrictEqual({
    status: 'failed',
    reason: { kind: 'signal', signalCode: 'SIGTERM' },
  });
});

test.each(['catchError()', 'retry({ times: 1 })'])(
  'a worker whose end its run process sees before it is ended itself is not taken for a failure of a step with %s',
  async (decorator) => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step([${decorator}], async () => {
          trace('begun', String(process.pid));
          if (current.retryCount === 0) await sleep(600_000);
          this.next(this.end);
        });
        end = step(() => trace('went on', ''));
      }`);
    const { child, finished } = await begin(folder);
    const pid = Number(folder.trace('begun'));
    process.kill(pid, 'SIGTERM');
    await until(() => isReaped(pid));
    child.kill('SIGTERM');
    expect((await finished).status).toBe(143);
    expect(folder.trace('went on')).toBe('');
    expect(await latestRun(folder)).toMatchObject({ reason: { kind: 'signal', signalCode: 'SIGTERM' } });
  },
);

test('a worker that alone is ended fails its task', async () => {
  using folder = flowFolder(WAITS);
  const { finished } = await begin(folder);
  process.kill(Number(folder.trace('begun')), 'SIGTERM');
  expect((await finished).status).toBe(1);
  expect(await latestRun(folder)).toMatchObject({ status: 'failed', reason: { kind: 'task' } });
});
