import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, expect, test } from 'vitest';
import { SecretMask } from '../../src/engine/secret-mask.ts';
import { TaskLog } from '../../src/engine/task-log.ts';
import { flowFolder } from '../flow-folder.ts';
import { raceway } from '../cli/raceway.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

/** A flow whose only step with a body starts a shell command and waits until it has ended. */
function flowThatRuns(command: string, { decorators = '', wait = '' } = {}): string {
  return `
    import { once } from 'node:events';
    export class Sample extends FlowSpec {
      start = step([${decorators}], async () => {
        const child = spawn('sh', ['-c', ${JSON.stringify(command)}], { stdio: 'inherit' });
        const [, signal] = await once(child, 'exit');
        trace('ended', String(signal));
        ${wait}
        this.next(this.end);
      });
      end = step();
    }`;
}

/** Whether the run process has found something in a log. */
function isLookedAt(logs: string): boolean {
  return (
    existsSync(logs) && readdirSync(logs, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.times'))
  );
}

describe('a task that prints faster than that is taken in', () => {
  test('has its time limit, and does not fill the disk', async () => {
    // What would fill the disk is ended by a signal of its own at 4 GB.
    using folder = flowFolder(
      flowThatRuns('ulimit -f 8000000; exec yes', {
        decorators: 'timeout({ ms: 500 })',
        wait: 'await new Promise(() => {});',
      }),
    );
    const run = spawn(process.execPath, ['sample.js', 'run', '--max-log-size=0.1'], {
      cwd: folder.path,
      stdio: 'ignore',
    });
    expect(await once(run, 'exit')).toStrictEqual([1, null]);
    expect(folder.trace('ended')).not.toContain('SIGXFSZ');
    const home = await folder.home();
    await using _closed = { [Symbol.asyncDispose]: () => home.close() };
    const [task] = await Array.fromAsync((await home.flow('Sample').latestRun())?.tasks() ?? []);
    expect(task?.reason).toStrictEqual({ kind: 'timeout', timeoutMs: 500 });
    const log = (await task?.stdout()) ?? '';
    expect(log).toMatch(/^y\n[^]*\n\[raceway: more was written than --max-log-size=0\.1; the rest was not kept\]\n$/);
    expect(log.length).toBeLessThan(100_200);
  });

  test('does not fill the memory of the run while nobody reads what is shown, and all of it is', async () => {
    const count = 400_000; // more bytes than the heap may have
    using folder = flowFolder(flowThatRuns(`seq -f '%.0f ${'a'.repeat(200)}' ${count}`));
    const run = spawn(process.execPath, ['sample.js', 'run', '--max-log-size=500'], {
      cwd: folder.path,
      env: { ...process.env, NODE_OPTIONS: '--max-old-space-size=50' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await until(() => folder.trace('ended') !== '');
    const exit = once(run, 'exit');
    let next = 1;
    let isInOrder = true;
    for await (const line of createInterface({ input: run.stdout })) {
      const number = /\] (\d+) a{200}$/.exec(line)?.[1];
      if (number !== undefined) isInOrder &&= Number(number) === next++;
    }
    expect(await exit).toStrictEqual([0, null]);
    expect(isInOrder).toBe(true);
    expect(next).toBe(count + 1);
  });

  test('is ended with the run while nobody reads what is shown', async () => {
    using folder = flowFolder(flowThatRuns("trap '' TERM; yes | head -c 20000000; exec sleep 600"));
    const run = spawn(process.execPath, ['sample.js', 'run', '--max-log-size=0.1', '--grace=0.1'], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await until(() => isLookedAt(folder.file('.raceway/logs'))); // what it found is more than a pipe holds
    run.kill('SIGTERM');
    const home = await folder.home();
    await using _closed = { [Symbol.asyncDispose]: () => home.close() };
    await until(async () => (await home.flow('Sample').latestRun())?.status === 'failed');
    run.stdout.resume();
    expect(await once(run, 'exit')).toStrictEqual([143, null]);
  });
});

test('a line that does not end is shown in pieces', async () => {
  const size = 40_000_000;
  using folder = flowFolder(flowThatRuns(`head -c ${size} /dev/zero | tr '\\0' '#'`));
  const { stdout } = await folder.run(['run', '--max-log-size=50']);
  const pieces = stdout.match(/#+/g) ?? [];
  expect(pieces.reduce((sum, piece) => sum + piece.length, 0)).toBe(size);
  expect(pieces).toHaveLength(3);
});

describe('a log that outgrows its limit by 100 MB while its task runs', () => {
  const LINE = `${'x'.repeat(99)}\n`;
  const MAX_BYTES = 2_000_000;
  const cut = '[raceway: more was written than --max-log-size=2; from here on, lines may be missing]';

  function follow(file: string) {
    const lines: string[] = [];
    const log = new TaskLog(file, {
      maxBytes: MAX_BYTES,
      mask: new SecretMask([]),
      sink: (some) => lines.push(...some),
    });
    return { log, lines };
  }

  test.each([
    ['is taken in', (log: TaskLog) => expect(log.look()).toBe('part')],
    ['waits to be taken in', (log: TaskLog) => log.bound()],
  ])('is cut while it %s, and the line that says so stands where lines may be missing', (_, act) => {
    using folder = temporaryFolder();
    const file = folder.file('log');
    writeFileSync(file, LINE.repeat(1_021_000));
    const { log, lines } = follow(file);
    act(log);
    expect(readFileSync(file).byteLength).toBe(MAX_BYTES);
    appendFileSync(file, 'later\n');
    while (log.takenBytes < log.writtenBytes) log.look();
    log.close();
    expect(lines).toHaveLength(MAX_BYTES / LINE.length + 2);
    expect(lines.slice(-3)).toStrictEqual([LINE.trimEnd(), cut, 'later']);
    expect(readFileSync(file, 'utf8').slice(MAX_BYTES)).toBe(
      '\n[raceway: more was written than --max-log-size=2; the rest was not kept]\n',
    );
  });

  test('is cut also when nothing more is written', () => {
    using folder = temporaryFolder();
    const file = folder.file('log');
    writeFileSync(file, LINE.repeat(1_021_000));
    const { log, lines } = follow(file);
    while (log.look() !== 'nothing');
    log.close();
    expect(lines.at(-1)).toBe(cut);
    expect(lines).toHaveLength(MAX_BYTES / LINE.length + 1);
  });
});

describe('a log that somebody changes after its task has ended, or while it runs,', () => {
  test('is said to be gone or cut off, by whatever shows it', async () => {
    using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step([retry({ times: 1 })], () => {
          console.log('ü');
          spawnSync('sh', ['-c', 'echo from a child; echo careful >&2'], { stdio: 'inherit' });
          if (current.retryCount === 0) throw new Error('busy');
          this.next(this.end);
        });
        end = step(() => {
          console.log('the end');
          throw new Error('over');
        });
      }`);
    expect(await folder.run(['run'])).toMatchObject({ status: 1, stderr: expect.stringContaining('over') });
    const home = await folder.home();
    await using _closed = { [Symbol.asyncDispose]: () => home.close() };
    const run = await home.flow('Sample').latestRun();
    const [end, start] = await Array.fromAsync(run?.tasks() ?? []);
    const text = 'ü\nfrom a child\n';
    expect([await start?.stdout({ attempt: 0 }), await start?.stdout()]).toStrictEqual([text, text]);
    const logs = folder.file(`.raceway/logs/${run?.pathspec}`);
    expect((await raceway(['doctor', '--home', home.path])).stdout).not.toContain('removed or cut off');

    truncateSync(`${logs}/1.0.stdout`, 5);
    rmSync(`${logs}/1.1.stdout`);
    rmSync(`${logs}/2.0.stdout`);
    const cut = '[raceway: only 5 of the 16 bytes of this log are there: somebody cut it off]';
    const gone = (bytes: number) =>
      `[raceway: this log is gone: somebody removed or emptied it; it had ${bytes} bytes]`;
    expect(await start?.stdout({ attempt: 0 })).toBe(`ü\nfr\n${cut}\n`);
    expect(await start?.stdout()).toBe(`${gone(16)}\n`);
    expect(await start?.stderr()).toBe('careful\n');
    expect(await end?.stdout()).toBe(`${gone(8)}\n`);
    const show = async (...args: readonly string[]) => (await raceway([...args, '--home', home.path])).stdout;
    expect(await show('logs', `${run?.pathspec}/start/1`, '--attempt=0')).toContain(cut);
    expect(await show('why', '--no-source')).toContain(gone(8));
    expect(await show('doctor')).toMatch(/^note 3 logs of tasks were removed or cut off: .*1\.0\.stdout and 2 more$/m);
    const { status } = await folder.run(['resume']);
    expect(status).toBe(1);
    const [, clone] = await Array.fromAsync((await home.flow('Sample').latestRun())?.tasks() ?? []);
    expect(clone?.originPathspec).toBe(start?.pathspec);
    expect(await clone?.stdout()).toBe(`${gone(16)}\n`);
  });

  test('has the size of all that was seen of it, and what comes later is still shown', () => {
    using folder = temporaryFolder();
    const file = folder.file('log');
    const lines: string[] = [];
    const log = new TaskLog(file, { maxBytes: 1000, mask: new SecretMask([]), sink: (some) => lines.push(...some) });
    writeFileSync(file, 'one\ntwo\n');
    log.look();
    truncateSync(file, 4);
    log.look();
    appendFileSync(file, 'three\n');
    log.look();
    log.close();
    expect(lines).toStrictEqual(['one', 'two', 'three']);
    expect(log.sizeBytes).toBe(14);
  });

  test('is as long as it is once it was cut at its limit', () => {
    using folder = temporaryFolder();
    const file = folder.file('log');
    writeFileSync(file, 'x'.repeat(2000));
    const log = new TaskLog(file, { maxBytes: 1000, mask: new SecretMask([]), sink: () => {} });
    log.look();
    log.close();
    expect(log.sizeBytes).toBe(readFileSync(file).byteLength);
  });
});
