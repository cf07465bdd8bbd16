import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { RacewayError } from '../../src/core/errors.ts';
import { marked } from '../../src/process/marked.ts';
import { Runner } from '../../src/runner/runner.ts';
import { Orders } from '../fixtures/orders.ts';
import { puppet } from '../fixtures/puppet.ts';
import { processesNamed } from '../processes-named.ts';
import { until } from '../until.ts';

const quiet = { showOutput: false } as const;

let counter = 0;

/** A runner whose children and all they start can be counted. */
function countable(name: string): { runner: Runner; count: () => Promise<number> } {
  const value = `${process.pid}.${++counter}`;
  const runner = new Runner(puppet(name), { ...quiet, env: { RACEWAY_TEST_RUN: value } });
  return { runner, count: async () => (await marked({ name: 'RACEWAY_TEST_RUN', value })).length };
}

// At once where it can be, because most of the time is the grace of what ignores SIGTERM.
describe.concurrent('ExecutingRun', () => {
  test.each([
    [0, 'successful', undefined],
    [1, 'failed', { kind: 'exit', exitCode: 1 }],
    [124, 'timeout', { kind: 'timeout' }],
  ])('has its status and reason from exit status %i', async (exitCode, status, reason) => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    const running = await runner.run({ status: exitCode });
    expect(running).toMatchObject({ status, exitCode, signalCode: null });
    expect(running.reason).toEqual(reason);
  });

  test('names the signal that ended it', async () => {
    await using runner = new Runner(puppet('ends-itself.mjs'), quiet);
    const running = await runner.run({ signal: 'SIGKILL' });
    expect(running).toMatchObject({ status: 'failed', exitCode: null, signalCode: 'SIGKILL' });
    expect(running.reason).toEqual({ kind: 'signal', signalCode: 'SIGKILL' });
  });

  test('prints well, and is never thenable', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    const running = await runner.asyncRun();
    expect(inspect(running)).toBe(`ExecutingRun Puppet/${running.pid} (running)`);
    expect(`${running}`).toBe(`Puppet/${running.pid}`);
    expect(running).not.toHaveProperty('then');
    await running.kill();
    await running[Symbol.asyncDispose]();
    expect(inspect(running)).toBe(`ExecutingRun Puppet/${running.pid} (failed: it was ended on request)`);
    expect(inspect({ running })).toContain('ExecutingRun');
  });

  test('has a run with id and pathspec when its home is not known, and says why the rest is missing', async () => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    const { run, pid } = await runner.run();
    expect(run).toMatchObject({ id: String(pid), pathspec: `Puppet/${pid}`, flowName: 'Puppet' });
    await expect(run.refresh()).rejects.toThrow(RacewayError);
    await expect(run.data['seconds']).rejects.toThrow(/announced no home/);
  });

  test('has the output so far while it runs, and all of it when it has ended', async () => {
    await using orders = new Orders();
    await using runner = new Runner(puppet('obeys.mjs'), quiet);
    const running = await runner.asyncRun({ orders: orders.path });
    await orders.give({ stdout: 'one\n' });
    expect([running.stdout, running.stderr]).toEqual(['one\n', '']);
    await orders.give({ stderr: 'two' });
    expect([running.stdout, running.stderr]).toEqual(['one\n', 'two']);
    await orders.give({ exit: 0 });
    await running.wait();
    expect([running.stdout, running.stderr]).toEqual(['one\n', 'two']);
  });

  test.each([
    ['in its group', 'leaves-one-behind.mjs'],
    ['in a session of its own', 'leaves-a-daemon-behind.mjs'],
  ])('ends what a successful child left %s before it is final', async (_, name) => {
    const { runner, count } = countable(name);
    await using _runner = runner;
    const running = await runner.run();
    expect(running.status).toBe('successful');
    expect(await count()).toBe(0);
  });

  test('ends what a child that was struck down left behind', async () => {
    const { runner, count } = countable('starts-others.mjs');
    await using _runner = runner;
    const running = await runner.asyncRun();
    process.kill(running.pid, 'SIGKILL');
    await running.wait();
    expect(running.reason).toEqual({ kind: 'signal', signalCode: 'SIGKILL' });
    expect(await count()).toBe(0);
  });
});

describe('ExecutingRun.streamLog', () => {
  test('gives each line as the child writes it, and ends with the run', async () => {
    await using orders = new Orders();
    await using runner = new Runner(puppet('obeys.mjs'), quiet);
    const running = await runner.asyncRun({ orders: orders.path });
    const lines = running.streamLog('stdout');
    await orders.give({ stdout: 'one\ntw' });
    expect((await lines.next()).value).toEqual({ position: 4, line: 'one' });
    await orders.give({ stdout: 'o\r\nrest' });
    expect((await lines.next()).value).toEqual({ position: 9, line: 'two' });
    await orders.give({ exit: 0 });
    expect((await lines.next()).value).toEqual({ position: 13, line: 'rest' });
    expect((await lines.next()).done).toBe(true);
    expect(running.status).toBe('successful');
  });

  test('gives each of 200,000 lines once, whole, and with its position, to two readers', async () => {
    await using runner = new Runner(puppet('prints-numbered-lines.mjs'), quiet);
    const running = await runner.asyncRun({ count: 200_000 });
    const read = async () => {
      let number = 0;
      let position = 0;
      for await (const line of running.streamLog('stdout')) {
        const expected = `line ${number} ${'·'.repeat(number % 40)}`;
        position += Buffer.byteLength(expected) + 1;
        if (line.line !== expected || line.position !== position) expect.fail(`line ${number}: ${line.line}`);
        number++;
      }
      return number;
    };
    expect(await Promise.all([read(), read()])).toEqual([200_000, 200_000]);
  });

  test('leaves the run alone when a reader leaves', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    const running = await runner.asyncRun();
    for await (const { line } of running.streamLog('stdout')) {
      expect(line).toBe('hanging');
      break;
    }
    expect(running.status).toBe('running');
  });

  test('refuses a stream that there is not', async () => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    const running = await runner.run();
    expect(() => running.streamLog('stdin' as 'stdout')).toThrow(
      `a run has no stream "stdin"\nThe streams are 'stdout' and 'stderr'.`,
    );
  });
});

describe('ExecutingRun.wait', () => {
  test('resolves to the handle when the run has ended, for everyone who waits', async () => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    const running = await runner.asyncRun();
    expect(await Promise.all([running.wait(), running.wait()])).toEqual([running, running]);
    expect(await running.wait()).toBe(running);
    expect(running.status).toBe('successful');
  });

  test('ends the run and says so when it takes too long', async () => {
    const { runner, count } = countable('hangs.mjs');
    await using _runner = runner;
    const running = await runner.asyncRun();
    await running.wait({ timeoutMs: 100 });
    expect(running.status).toBe('timeout');
    expect(running.reason).toEqual({ kind: 'timeout' });
    expect(await count()).toBe(0);
  });

  test('stops waiting, and leaves the run alone, when its signal is aborted', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    const running = await runner.asyncRun();
    const controller = new AbortController();
    const waiting = running.wait({ signal: controller.signal });
    controller.abort(new Error('no longer'));
    await expect(waiting).rejects.toThrow('no longer');
    await expect(running.wait({ signal: controller.signal })).rejects.toThrow('no longer');
    expect(running.status).toBe('running');
  });
});

describe('ExecutingRun.kill', () => {
  test('ends the child at once when it gives in', async () => {
    const { runner, count } = countable('hangs.mjs');
    await using _runner = runner;
    const running = await runner.asyncRun();
    await running.kill({ graceMs: 600_000 }); // longer than the test may take
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'killed' }, signalCode: 'SIGTERM' });
    expect(await count()).toBe(0);
  });

  test('leaves no process, wherever it moved and whatever it ignores', async () => {
    const { runner, count } = countable('starts-others.mjs');
    await using _runner = runner;
    const unmarked = `unmarked-${process.pid}`;
    const running = await runner.asyncRun({ unmarked });
    expect(await count()).toBeGreaterThan(5);
    expect(processesNamed(unmarked)).not.toEqual([]);
    await running.kill({ graceMs: 200 });
    expect(await count()).toBe(0);
    expect(processesNamed(unmarked)).toEqual([]);
  });

  test('ends a loop that ignores SIGTERM after the grace', async () => {
    const { runner, count } = countable('ignores-sigterm.mjs');
    await using _runner = runner;
    const running = await runner.asyncRun();
    await running.kill({ graceMs: 100 });
    expect(running.signalCode).toBe('SIGKILL');
    expect(await count()).toBe(0);
  });

  test('can be called again with less patience', async () => {
    const { runner } = countable('ignores-sigterm.mjs');
    await using _runner = runner;
    const running = await runner.asyncRun();
    const patient = running.kill({ graceMs: 60_000 });
    await running.kill({ graceMs: 0 });
    await patient;
    expect(running.signalCode).toBe('SIGKILL');
  });

  test('may be called any number of times, at once and afterwards', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    const running = await runner.asyncRun();
    await Promise.all([running.kill(), running.kill(), running[Symbol.asyncDispose]()]);
    await running.kill();
    expect(running.reason).toEqual({ kind: 'killed' });
  });

  test('changes nothing about a run that has ended', async () => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    const running = await runner.run();
    await running.kill();
    expect(running.status).toBe('successful');
  });

  test('leaves the other runs of the runner alone', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    const [one, other] = await Promise.all([runner.asyncRun(), runner.asyncRun()]);
    await one.kill();
    process.kill(other.pid, 0);
    expect(other.status).toBe('running');
  });

  test('does not hold up the event loop', async () => {
    const { runner } = countable('hangs.mjs');
    await using _runner = runner;
    const running = await runner.asyncRun();
    let turns = 0;
    const ticker = setInterval(() => turns++, 1);
    await running.kill({ graceMs: 100 });
    clearInterval(ticker);
    expect(turns).toBeGreaterThan(5);
  });

  test('refuses a grace that is no time', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    const running = await runner.asyncRun();
    await expect(running.kill({ graceMs: -1 })).rejects.toThrow(RangeError);
  });
});

describe.concurrent('a run', () => {
  test('ends with status timeout when it takes longer than timeoutMs', async () => {
    const { runner, count } = countable('starts-others.mjs');
    await using _runner = runner;
    const running = await runner.asyncRun({}, { timeoutMs: 50 });
    await until(async () => running.status !== 'running');
    expect(running).toMatchObject({ status: 'timeout', reason: { kind: 'timeout' } });
    expect(await count()).toBe(0);
  });

  test('ends when the signal of its operation is aborted', async () => {
    const { runner, count } = countable('hangs.mjs');
    await using _runner = runner;
    const controller = new AbortController();
    const running = await runner.asyncRun({}, { signal: controller.signal });
    controller.abort();
    await running.wait();
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'killed' } });
    expect(await count()).toBe(0);
  });

  test('ends when the signal of its runner is aborted', async () => {
    const controller = new AbortController();
    await using runner = new Runner(puppet('hangs.mjs'), { ...quiet, signal: controller.signal });
    const runs = await Promise.all([runner.asyncRun(), runner.asyncRun()]);
    controller.abort();
    await Promise.all(runs.map((running) => running.wait()));
    expect(runs.map(({ reason }) => reason)).toEqual([{ kind: 'killed' }, { kind: 'killed' }]);
  });

  test('ends when its handle is disposed', async () => {
    const { runner, count } = countable('hangs.mjs');
    await using _runner = runner;
    {
      await using running = await runner.asyncRun();
      expect(running.status).toBe('running');
    }
    expect(await count()).toBe(0);
  });

  test('ends when its runner is disposed, with all others', async () => {
    const { runner, count } = countable('hangs.mjs');
    const runs = await Promise.all([runner.asyncRun(), runner.asyncRun(), runner.asyncRun()]);
    await runner[Symbol.asyncDispose]();
    expect(runs.map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
    expect(await count()).toBe(0);
  });

  test('lets a reader that waits come to its end when it is disposed', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    const running = await runner.asyncRun();
    const reading = Array.fromAsync(running.streamLog('stdout'));
    await until(() => running.stdout !== '');
    await running[Symbol.asyncDispose]();
    expect((await reading).map(({ line }) => line)).toEqual(['hanging']);
  });
});
