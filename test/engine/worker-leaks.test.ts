import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { TaskReason } from '../../src/core/status.ts';
import { entryOf } from '../../src/process/process-table.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';

/** Notes how the process looks to the task that calls it. */
const NOTE = `
  import { readdirSync, readlinkSync } from 'node:fs';
  const functions = () => [...Object.values(console), process.stdout.write, process.stderr.write];
  const atFirst = functions();
  const targets = () => readdirSync('/proc/self/fd').flatMap((fd) => { try { return [readlinkSync('/proc/self/fd/' + fd)]; } catch { return []; } });
  function note() {
    trace('notes', JSON.stringify({
      step: current.stepName + (current.index ?? ''),
      pid: process.pid,
      folder: process.cwd(),
      environment: Object.entries(process.env).filter(([name]) => !name.startsWith('RACEWAY_MARK')).toSorted().join(),
      umask: process.umask(),
      title: process.title,
      exitCode: process.exitCode ?? 'none',
      listeners: process.eventNames().map((name) => String(name) + process.listenerCount(name)).toSorted().join(),
      isPatched: functions().some((one, index) => one !== atFirst[index]),
      files: targets().filter((target) => /^(\\/|socket:)/.test(target) && !/\\.raceway|\\/dist\\//.test(target)).length,
      timers: process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length,
      servers: process.getActiveResourcesInfo().filter((resource) => /TCP|Pipe|Process|FSEvent/.test(resource)).length,
    }));
  }`;

type Note = Readonly<Record<string, unknown>> & { readonly step: string; readonly pid: number };

/** By the name of the step, with its index; the latest of each. */
function notes(folder: FlowFolder): Readonly<Record<string, Note>> {
  const lines = folder.trace('notes').trim().split('\n');
  return Object.fromEntries(lines.map((line) => JSON.parse(line) as Note).map((note) => [note.step, note]));
}

function withoutNames({ step: _step, pid: _pid, ...rest }: Note): unknown {
  return rest;
}

/** A chain of which the second step misbehaves, and the third looks around. */
function chainThat(misbehaves: string, { after = '' } = {}): string {
  return `${NOTE}
    export class Sample extends FlowSpec {
      start = step(() => { this.next(this.before); });
      before = step(() => { note(); this.next(this.middle); });
      middle = step(async () => { trace('middle', String(process.pid)); ${misbehaves}; this.next(this.after); });
      after = step(async () => { note(); ${after}; this.next(this.end); });
      end = step(() => console.log('the end'));
    }`;
}

describe('a task that leaves something behind does not disturb the next, which gets another worker', () => {
  test.concurrent.each([
    ['another working folder', `process.chdir('/')`],
    [
      'a working folder that is gone',
      `(await import('node:fs')).mkdirSync('gone'); process.chdir('gone'); (await import('node:fs')).rmdirSync('../gone')`,
    ],
    ['a new variable in the environment', `process.env.NEW = '1'`],
    ['an environment that lacks a variable', `delete process.env.HOME; delete process.env.PATH`],
    ['another umask', `process.umask(0o777)`],
    ['another title', `process.title = 'mine'`],
    ['an exit status', `process.exitCode = 3`],
    ['a timer', `setInterval(() => {}, 1000)`],
    ['a server', `(await import('node:net')).createServer().listen(0, '127.0.0.1')`],
    ['a watch', `(await import('node:fs')).watch('.')`],
    ['a child process', `spawn('sleep', ['600'])`],
    ['a thread', `new (await import('node:worker_threads')).Worker('setInterval(() => {}, 1000)', { eval: true })`],
    ['an open file', `(await import('node:fs')).openSync('sample.js')`],
    [
      'an open file beside one that was closed',
      `const fs = await import('node:fs'); const one = fs.openSync('sample.js'); fs.openSync('sample.js'); fs.closeSync(one)`,
    ],
    ['a listener for a signal', `process.on('SIGTERM', () => {})`],
    ['a listener for what nobody caught', `process.on('uncaughtException', () => {})`],
    ['a listener for rejections', `process.on('unhandledRejection', () => {})`],
    ['a listener for the exit', `process.on('exit', () => { trace('exited', ''); process.exitCode = 9; })`],
    ['a listener for warnings', `process.on('warning', () => {})`],
    ['no listeners for what nobody caught', `process.removeAllListeners('uncaughtException')`],
    ['a console that does nothing', `console.log = () => {}`],
    ['a stdout that writes nothing', `process.stdout.write = () => true`],
    ['a closed stdin', `(await import('node:fs')).closeSync(0)`],
    ['a closed stdout and stderr', `const { closeSync } = await import('node:fs'); closeSync(1); closeSync(2)`],
    [
      'all descriptors in use',
      `const fs = await import('node:fs'); try { for (;;) fs.openSync('/dev/null'); } catch {}`,
    ],
    ['two gigabytes of memory', `globalThis.kept = [Buffer.alloc(2 ** 30, 1), Buffer.alloc(2 ** 30, 1)]`],
  ])('when it is %s', async (_, misbehaves) => {
    using folder = flowFolder(chainThat(misbehaves));
    const { status, stdout, stderr } = await folder.run(['--quiet', 'run', '--max-workers=1']);
    expect({ status, stderr }).toStrictEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/\/end\/5 \(pid \d+\)\] the end\n/);
    const { before, after } = notes(folder);
    if (before === undefined || after === undefined) throw new Error('a step did not run');
    expect(String(before.pid)).toBe(folder.trace('middle').trim());
    expect(after.pid).not.toBe(before.pid);
    expect(entryOf(before.pid)).toBeUndefined();
    expect(withoutNames(after)).toStrictEqual(withoutNames(before));
  });
});

describe('what tasks leave behind is said once for each step and kind', () => {
  const LEAVES = `
    export class Sample extends FlowSpec {
      start = step(() => { this.next(this.work, { foreach: [1, 2, 3, 4] }); });
      work = step(async (item: number) => {
        await Promise.race([Promise.resolve(), new Promise((done) => setTimeout(done, 600_000))]);
        if (item > 2) process.once('exit', () => {});
        this.next(this.merge);
      });
      merge = join(() => { setInterval(() => {}, 1000); this.next(this.end); });
      end = step();
    }`;
  const REMARKS = [
    'Step work left a Timeout behind; its worker is replaced (said once, not for each task).',
    'Step work left other listeners behind; its worker is replaced (said once, not for each task).',
    'Step merge left a Timeout behind; its worker is replaced (said once, not for each task).',
  ];

  test('as text', async () => {
    using folder = flowFolder(LEAVES);
    const { status, stdout } = await folder.run(['run', '--max-workers=1']);
    expect(status).toBe(0);
    expect([...stdout.matchAll(/Step .* behind.*/g)].map(String)).toStrictEqual(REMARKS);
  });

  test('as JSON', async () => {
    using folder = flowFolder(LEAVES);
    const { stdout } = await folder.run(['--log-format=json', 'run', '--max-workers=1']);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; text?: string });
    expect(events.filter(({ type }) => type === 'remark').map(({ text }) => text)).toStrictEqual(REMARKS);
  });

  test.each([
    ['--quiet', ['--quiet', 'run']],
    ['--isolation=task, for which no worker is replaced', ['run', '--isolation=task']],
  ])('but not with %s', async (_, args) => {
    using folder = flowFolder(LEAVES);
    const { status, stdout } = await folder.run(args);
    expect({ status, remarks: stdout.match(/behind/g) }).toStrictEqual({ status: 0, remarks: null });
  });
});

describe('a task that leaves nothing behind leaves its worker to the next', () => {
  test.concurrent.each([
    ['wrote much', `for (let i = 0; i < 20; i++) console.log('x'.repeat(1_000_000))`],
    [
      'read stdin, which is empty',
      `process.stdin.resume(); await (await import('node:events')).once(process.stdin, 'end')`,
    ],
    ['waited for a process', `spawnSync('true'); await new Promise((done) => spawn('true').on('close', done))`],
    [
      'opened and closed files',
      `const fs = await import('node:fs/promises'); await fs.readFile('sample.js'); const file = await fs.open('sample.js'); await file.close()`,
    ],
    ['watched a folder', `const watcher = (await import('node:fs')).watch('.'); watcher.close(); await sleep(1)`],
    ['asked to be warned of an early end', `current.signal.throwIfAborted()`],
    [
      'served and was served',
      `const { createServer, connect } = await import('node:net'); const server = createServer((socket) => socket.end('hi')).listen(0, '127.0.0.1');
      await new Promise((done) => server.on('listening', done)); const socket = connect(server.address().port, '127.0.0.1').resume();
      await new Promise((done) => socket.on('close', done)); await new Promise((done) => server.close(done))`,
    ],
    ['loaded TLS, for which Node reads certificates on a thread meanwhile', `await import('node:tls')`],
    [
      'awaited the exit of a process, and not the end of its pipes',
      `const { once } = await import('node:events'); for (let i = 0; i < 5; i++) await once(spawn('true'), 'exit')`,
    ],
    [
      'read a file, which is closed when the last line is there',
      `const { createInterface } = await import('node:readline'), { createReadStream } = await import('node:fs');
      for (let i = 0; i < 5; i++) for await (const line of createInterface({ input: createReadStream('sample.js') }));`,
    ],
    ['did not wait for a small file', `(await import('node:fs/promises')).writeFile('small', 'text')`],
    [
      'caught that nobody listens',
      `const { once } = await import('node:events'); await once((await import('node:https')).get('https://127.0.0.1:9'), 'error')`,
    ],
    ['fetched something', `await (await fetch(process.env.SERVER)).text()`],
    [
      'caught what it threw',
      `try { throw new Error('mine'); } catch {} await Promise.reject(new Error('mine')).catch(() => {})`,
    ],
    ['changed what modules share, which is left to the next', `globalThis.shared = 1; Object.prototype.polluted = 1`],
  ])('when it %s', async (what, behaves) => {
    using folder = flowFolder(
      chainThat(behaves, { after: `trace('shared', String([globalThis.shared, ({}).polluted]))` }),
    );
    using server = await serve();
    const { status, stderr } = await folder.run(['--quiet', 'run', '--max-workers=1'], {
      SERVER: server.address,
    });
    expect({ status, stderr }).toStrictEqual({ status: 0, stderr: '' });
    const { before, after } = notes(folder);
    expect(after?.pid).toBe(before?.pid);
    expect(folder.trace('shared')).toBe(what.startsWith('changed') ? '1,1\n' : ',\n');
  });
});

/** A server that answers, and keeps its connections. */
async function serve(): Promise<Disposable & { readonly address: string }> {
  const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.dispose]: close };
}

/** A foreach of three of which the second task does something bad unless the folder has a file `mended`. */
function foreachThat(does: string): string {
  return `${NOTE}
    import { inspect } from 'node:util';
    export class Sample extends FlowSpec {
      start = step(() => { this.next(this.work, { foreach: ['a', 'b', 'c'] }); });
      work = step(async (item: string) => {
        note();
        if (item === 'b' && !existsSync('mended')) { ${does}; }
        this.got = item + item;
        this.next(this.merge);
      });
      merge = join((inputs: Inputs<this>) => { this.all = inputs.map(({ got }) => got); this.next(this.end); });
      end = step();
      got = ''; all: string[] = [];
    }`;
}

const FOREVER = `await new Promise(() => {})`;

describe('a task that comes to a bad end is reported exactly, and no other is disturbed', () => {
  test.concurrent.each<[string, string, TaskReason, NodeJS.ProcessEnv?]>([
    ['throws', `throw new TypeError('wrong')`, { kind: 'exception', message: 'TypeError: wrong' }],
    ['throws a text', `throw 'just text'`, { kind: 'exception', message: 'thrown value: just text' }],
    ['throws nothing', `throw undefined`, { kind: 'exception', message: 'thrown value: undefined' }],
    [
      'throws what throws when it is looked at',
      `throw new Proxy({}, { get() { throw new Error('inside'); } })`,
      { kind: 'exception', message: expect.stringContaining('thrown value: ') as string },
    ],
    [
      'throws an error whose message cannot be read',
      `throw Object.defineProperty(new Error('x'), 'message', { get() { throw new Error('unreadable'); } })`,
      { kind: 'exception', message: expect.stringContaining('Error: Error: unreadable') as string },
    ],
    [
      'throws an error whose stack cannot be read',
      `throw Object.defineProperty(new Error('mine'), 'stack', { get() { throw new Error('unreadable'); } })`,
      { kind: 'exception', message: 'Error: mine' },
    ],
    [
      'throws an error whose cause cannot be read',
      `throw Object.defineProperty(new Error('mine'), 'cause', { get() { throw new Error('unreadable'); } })`,
      { kind: 'exception', message: 'Error: mine' },
    ],
    [
      'throws what cannot be shown',
      `throw { [inspect.custom]() { throw new Error('invisible'); } }`,
      { kind: 'exception', message: 'thrown value: what cannot be shown' },
    ],
    [
      'throws an error with a cause that cannot be shown',
      `throw new Error('mine', { cause: { [inspect.custom]() { throw new Error('invisible'); } } })`,
      { kind: 'exception', message: 'Error: mine' },
    ],
    [
      'throws an error whose name is a symbol',
      `throw Object.assign(new Error('mine'), { name: Symbol('name') })`,
      { kind: 'exception', message: 'Error: mine' },
    ],
    [
      'throws an error whose message is a function',
      `throw Object.assign(new Error('mine'), { message: () => 1 })`,
      { kind: 'exception', message: 'Error: [Function: message]' },
    ],
    [
      'throws what does not say what it is',
      `throw new Proxy({}, { getPrototypeOf() { throw new Error('inside'); } })`,
      { kind: 'exception', message: expect.stringContaining('thrown value: ') as string },
    ],
    [
      'throws in a folder that is gone',
      `const fs = await import('node:fs'); fs.mkdirSync('gone'); process.chdir('gone'); fs.rmdirSync('../gone'); throw new Error('mine')`,
      { kind: 'exception', message: 'Error: mine' },
    ],
    [
      'leaves a process that cannot tell of it',
      `Object.defineProperty(process, 'connected', { get() { throw new Error('broken'); } })`,
      { kind: 'exit', exitCode: 70 },
    ],
    [
      'leaves a process that cannot even exit',
      `Object.defineProperty(process, 'connected', { get() { throw new Error('broken'); } }); process.on('exit', () => { throw new Error('stay'); })`,
      { kind: 'signal', signalCode: 'SIGKILL' },
    ],
    [
      'rejects later',
      `setTimeout(() => void Promise.reject(new Error('later')), 5); ${FOREVER}`,
      { kind: 'exception', message: 'Error: later' },
    ],
    [
      'throws in a callback',
      `(await import('node:fs')).readFile('/dev/null', () => { throw new Error('called back'); }); ${FOREVER}`,
      { kind: 'exception', message: 'Error: called back' },
    ],
    [
      'uses up the stack',
      `const deeper = (): number => 1 + deeper(); deeper()`,
      { kind: 'exception', message: 'RangeError: Maximum call stack size exceeded' },
    ],
    ['exits', `process.exit(3)`, { kind: 'exit', exitCode: 3 }],
    ['exits with success', `process.exit(0)`, { kind: 'exit', exitCode: 0 }],
    ['exits later', `setTimeout(() => process.exit(4), 5); ${FOREVER}`, { kind: 'exit', exitCode: 4 }],
    ['lets go of its run', `process.disconnect(); ${FOREVER}`, { kind: 'exit', exitCode: 0 }],
    [
      'closes the channel to its run',
      `(await import('node:fs')).closeSync(3); ${FOREVER}`,
      { kind: 'signal', signalCode: 'SIGKILL' },
    ],
    [
      'removes all listeners',
      `process.removeAllListeners(); await null; throw new Error('unheard')`,
      { kind: 'exception', message: 'Error: unheard' },
    ],
    ['aborts', `process.abort()`, { kind: 'signal', signalCode: 'SIGABRT' }],
    ['crashes', `process.kill(process.pid, 'SIGSEGV'); ${FOREVER}`, { kind: 'signal', signalCode: 'SIGSEGV' }],
    ['is killed', `process.kill(process.pid, 'SIGKILL'); ${FOREVER}`, { kind: 'signal', signalCode: 'SIGKILL' }],
    [
      'is killed by a process of its own',
      `spawn('sh', ['-c', 'kill -9 ' + process.pid]); for (;;);`,
      { kind: 'signal', signalCode: 'SIGKILL' },
    ],
    [
      'fills the heap',
      `const all = []; for (;;) all.push(new Array(1000).fill(all.length + 0.5))`,
      { kind: 'signal', signalCode: 'SIGABRT' },
      { NODE_OPTIONS: '--max-old-space-size=100' },
    ],
  ])('when it %s', async (_, does, reason, environment) => {
    using folder = flowFolder(foreachThat(does));
    await expectBadEnd(folder, { reason, environment });
  });

  test('when the kernel kills it for its memory', async () => {
    using folder = flowFolder(
      foreachThat(`
        if (existsSync('group')) {
          const { readFileSync } = await import('node:fs');
          writeFileSync(readFileSync('group', 'utf8') + '/cgroup.procs', String(process.pid));
          globalThis.kept = []; for (;;) globalThis.kept.push(Buffer.alloc(10_000_000, 1));
        }
        process.kill(process.pid, 'SIGKILL'); ${FOREVER}`),
    );
    const group = makeSmallMemoryGroup();
    if (group !== undefined) {
      onTestFinished(() => until(() => isRemoved(group)));
      writeFileSync(folder.file('group'), group);
    }
    await expectBadEnd(folder, { reason: { kind: 'signal', signalCode: 'SIGKILL' } });
  });
});

async function expectBadEnd(
  folder: FlowFolder,
  { reason, environment }: { reason: TaskReason; environment?: NodeJS.ProcessEnv | undefined },
): Promise<void> {
  const failed = await folder.run(['--quiet', 'run', '--max-workers=1'], environment);
  expect(failed.status).toBe(1);
  expect(failed.stdout).toMatch(/\/work\/3 \(pid \d+\)\] Task failed\.\n/);
  expect(failed.stderr).toMatch(/^ {4}Step work \(task-id 3, attempt 0\) failed: /m);
  const words = {
    exit: () => reason.kind === 'exit' && `its process ended with exit status ${reason.exitCode}`,
    signal: () => reason.kind === 'signal' && `its process was ended by ${reason.signalCode}`,
  };
  if (reason.kind in words) expect(failed.stderr).toContain(words[reason.kind as keyof typeof words]());
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  const tasks = await Array.fromAsync(run?.tasks() ?? []);
  expect(tasks.map(({ id, status, reason: why }) => [id, status, why])).toStrictEqual([
    ['3', 'failed', reason],
    ['2', 'successful', undefined],
    ['1', 'successful', undefined],
  ]);
  expect(run?.reason).toMatchObject({ kind: 'task', pathspec: `${run?.pathspec}/work/3` });
  expect(await tasks[1]?.load('got')).toStrictEqual({ got: 'aa' });
  const { work0, work1 } = notes(folder);
  expect(work1?.pid).toBe(work0?.pid);

  writeFileSync(folder.file('mended'), '');
  expect(await folder.run(['--quiet', 'resume', '--max-workers=1'], environment)).toMatchObject({
    status: 0,
    stderr: '',
  });
  const resumed = await home.flow('Sample').latestRun();
  expect(await resumed?.load('all')).toStrictEqual({ all: ['aa', 'bb', 'cc'] });
}

/** A flow that is struck down as often as is given when a worker loads it. */
function struckWhileLoaded(times: number): string {
  return `
    if (process.env.RACEWAY_WORKER !== undefined) {
      trace('loaded', '');
      const { readFileSync } = await import('node:fs');
      const loaded = readFileSync(new URL('loaded', import.meta.url), 'utf8').length;
      if (loaded <= ${times}) process.kill(process.pid, 'SIGKILL');
    }
    export class Sample extends FlowSpec {
      start = step(() => { this.next(this.end); });
      end = step();
    }`;
}

describe('a worker that is struck down while it loads the flow', () => {
  test('has its task done by another', async () => {
    using folder = flowFolder(struckWhileLoaded(1));
    expect(await folder.run(['--quiet', 'run', '--max-workers=1'])).toMatchObject({ status: 0, stderr: '' });
    await using home = await folder.home();
    const run = await home.flow('Sample').latestRun();
    const attempts = (await Array.fromAsync(run?.tasks() ?? [])).map((task) =>
      task.attempts.map(({ status }) => status),
    );
    expect(attempts).toStrictEqual([['successful'], ['successful']]);
  });

  test('is not replaced for ever, and the task says by what', async () => {
    using folder = flowFolder(struckWhileLoaded(Infinity));
    const { status, stderr } = await folder.run(['--quiet', 'run', '--max-workers=1']);
    expect(status).toBe(1);
    expect(stderr).toContain('its worker was ended by SIGKILL while it loaded the flow');
    expect(folder.trace('loaded')).toBe('\n\n\n');
  });
});

describe('a task that never ends is ended when the run is', () => {
  test.concurrent.each([
    ['waits for what never comes', FOREVER],
    ['is busy', `for (;;);`],
    ['sleeps without its event loop', `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`],
    ['is busy and listens to SIGTERM', `process.on('SIGTERM', () => {}); for (;;);`],
    ['has stopped itself', `process.kill(process.pid, 'SIGSTOP'); ${FOREVER}`],
    ['waits for a child process', `spawnSync('sleep', ['600'])`],
  ])('when it %s', async (_, does) => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(() => { this.next(this.endless, this.failing); });
        endless = step(async () => { trace('endless', String(process.pid)); ${does}; this.next(this.merge); });
        failing = step(async () => { while (!existsSync('endless')) await sleep(5); throw new Error('no'); this.next(this.merge); });
        merge = join(() => { this.next(this.end); });
        end = step();
      }`);
    const { status } = await folder.run(['--quiet', 'run', '--max-workers=2', '--grace=0.05']);
    expect(status).toBe(1);
    await using home = await folder.home();
    const run = await home.flow('Sample').latestRun();
    const reasons = (await Array.fromAsync(run?.tasks() ?? [])).map(({ stepName, reason }) => [stepName, reason?.kind]);
    expect(Object.fromEntries(reasons)).toStrictEqual({ start: undefined, endless: 'stopped', failing: 'exception' });
    expect(entryOf(Number(folder.trace('endless')))).toBeUndefined();
  });
});

describe('what fails after its task has ended is not blamed on the task that runs then', () => {
  test.concurrent.each([
    [
      'a timer that throws',
      `const timer = setInterval(() => { if (!existsSync('after')) return; clearInterval(timer); trace('thrown', ''); throw new Error('too late'); }, 2).unref()`,
    ],
    [
      'a promise that rejects',
      `const late = Promise.withResolvers(); globalThis.late = late.reject; void late.promise.then(() => {})`,
    ],
    [
      'an asynchronous function',
      `void (async () => { await new Promise((done) => (globalThis.late = done)); throw new Error('too late'); })()`,
    ],
  ])('when it is %s', async (_, leaves) => {
    const after = `
      trace('after', '');
      if (globalThis.late) globalThis.late(new Error('too late'));
      else while (!existsSync('thrown')) await sleep(2);
      await sleep(5);
      console.log('undisturbed')`;
    using folder = flowFolder(chainThat(leaves, { after }));
    const { status, stdout, stderr } = await folder.run(['--quiet', 'run', '--max-workers=1']);
    expect({ status, stderr }).toStrictEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/\/after\/4 \(pid \d+\)\] Thrown by middle\/3 after it had ended: Error: too late\n/);
    expect(stdout).toMatch(/\/after\/4 \(pid \d+\)\] undisturbed\n/);
    const pids = stdout.matchAll(/\/(after|end)\/\d+ \(pid (\d+)\)\] Task is starting/g);
    const { after: failed, end } = Object.fromEntries(pids.map(([, step, pid]) => [step, pid]));
    expect(end).not.toBe(failed);
  });
});

test('a task that waits for what an earlier task began fails when that fails, and is told who began it', async () => {
  using folder = flowFolder(`
    let waiting: (() => void)[] = [];
    let poller: NodeJS.Timeout | undefined;
    const submit = (job: () => void) =>
      new Promise<void>((done) => {
        waiting.push(() => { job(); done(); });
        poller ??= setInterval(() => { for (const work of waiting.splice(0)) work(); }, 2).unref();
      });
    export class Sample extends FlowSpec {
      start = step(async () => { await submit(() => {}); this.next(this.middle); });
      middle = step(async () => { await submit(() => { throw new TypeError('mine'); }); this.next(this.end); });
      end = step();
    }`);
  const { status, stdout, stderr } = await folder.run(['--quiet', 'run', '--max-workers=1']);
  expect(status).toBe(1);
  expect(stdout).toMatch(/\/middle\/2 \(pid \d+\)\] Thrown by start\/1 after it had ended: TypeError: mine\n/);
  expect(stderr).toMatch(
    /Step middle .* failed: Error: it had not ended 5 s after start\/1 had thrown, .*: TypeError: mine\n/,
  );
  expect(stderr).toMatch(/Caused by TypeError: mine\n +at .*sample\.js:/);
});

test('workers that were spoilt while they were idle are replaced, and no task fails for it', async () => {
  using folder = flowFolder(`
    const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\\n').length - 1 : 0);
    export class Sample extends FlowSpec {
      start = step(() => { this.next(this.work, { foreach: [1, 2, 3, 4] }); });
      work = step(async () => {
        trace('begun', String(process.pid));
        while (lines('begun') < 4) await sleep(2);
        const timer = setInterval(() => {
          if (!existsSync('go')) return;
          clearInterval(timer);
          trace('thrown', '');
          throw new Error('too late');
        }, 2).unref();
        this.next(this.merge);
      });
      merge = join(async () => {
        trace('go', '');
        while (lines('thrown') < 4) await sleep(2);
        this.next(this.after);
      });
      after = step(() => { trace('after', String(process.pid)); this.next(this.end); });
      end = step();
    }
    import { readFileSync } from 'node:fs';`);
  expect(await folder.run(['--quiet', 'run', '--max-workers=4'])).toMatchObject({ status: 0, stderr: '' });
  expect(folder.trace('begun').split('\n')).not.toContain(folder.trace('after').trim());
});

test('processes that a task let go of are gone when the run is over', async () => {
  using folder = flowFolder(
    chainThat(
      `const child = spawn('sleep', ['600'], { stdio: 'ignore' }); child.unref(); trace('child', String(child.pid))`,
    ),
  );
  expect(await folder.run(['--quiet', 'run', '--max-workers=1'])).toMatchObject({ status: 0, stderr: '' });
  expect(entryOf(Number(folder.trace('child')))).toBeUndefined();
});

/** A control group that may use 150 MB, on machines that let this user make one. */
function makeSmallMemoryGroup(): string | undefined {
  const own = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  if (own === undefined) return undefined;
  const group = join('/sys/fs/cgroup/memory', own, `raceway-test-${process.pid}`);
  try {
    mkdirSync(group);
    writeFileSync(join(group, 'memory.limit_in_bytes'), '150000000');
    return group;
  } catch {
    isRemoved(group);
    return undefined; // not allowed: then the task kills itself as the kernel would
  }
}

/** A group can be removed as soon as its last process is gone. */
function isRemoved(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}
