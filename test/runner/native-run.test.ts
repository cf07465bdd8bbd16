import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { SlowFlow } from '../../flows/slowflow.ts';
import { openHome } from '../../src/client/home.ts';
import { InvalidOptionError, NotFoundError, RacewayError } from '../../src/core/errors.ts';
import { marked } from '../../src/process/marked.ts';
import { Runner } from '../../src/runner/runner.ts';
import { processesNamed } from '../processes-named.ts';
import { until } from '../until.ts';

const slowFlow = fileURLToPath(new URL('../../flows/slowflow.ts', import.meta.url));
const failingFlow = fileURLToPath(new URL('../fixtures/flows/fails.ts', import.meta.url));

function newHome(): string {
  return mkdtempSync(join(tmpdir(), 'home-'));
}

describe('a run of a flow script', () => {
  test('has its artifacts, parameters and tags in its home', async () => {
    await using runner = new Runner<SlowFlow>(slowFlow, { showOutput: false, home: newHome() });
    const running = await runner.run({ seconds: 0 }, { tags: ['demo'], maxWorkers: 1 });
    expect(running.status).toBe('successful');
    expect(running.reason).toBeUndefined();
    expect(running.run).toMatchObject({ status: 'successful', userTags: ['demo'] });
    expect(await running.run.data.seconds).toBe(0);
    expect(running.stdout).toContain('Done!');
  });

  test('is refreshed before its status is final', async () => {
    await using runner = new Runner<SlowFlow>(slowFlow, { showOutput: false, home: newHome() });
    const running = await runner.asyncRun({ seconds: 0 });
    await until(() => running.status !== 'running');
    expect(running.run.status).toBe('successful');
  });

  test('has the failure of the task as its reason', async () => {
    await using runner = new Runner(failingFlow, { showOutput: false, home: newHome() });
    const running = await runner.run();
    expect(running).toMatchObject({ status: 'failed', exitCode: 1 });
    expect(running.reason).toMatchObject({ kind: 'task', pathspec: expect.stringMatching(/\/work\/2$/) });
    expect(running.run.reason).toEqual(running.reason);
    expect((await running.run.failedTask())?.pathspec).toMatch(/\/work\/2$/);
  });

  test('can be read after its handle was disposed, and not after its runner was', async () => {
    const runner = new Runner<SlowFlow>(slowFlow, { showOutput: false, home: newHome() });
    const running = await runner.run({ seconds: 0 });
    await running[Symbol.asyncDispose]();
    expect(await running.run.data.seconds).toBe(0);
    await runner[Symbol.asyncDispose]();
    await expect(running.run.refresh()).rejects.toThrow(RacewayError);
  });

  test.each([
    ['kill', 'failed', { kind: 'killed' }],
    ['timeout', 'timeout', { kind: 'timeout' }],
  ] as const)('is recorded as it was ended: %s', async (how, status, reason) => {
    const home = newHome();
    await using runner = new Runner<SlowFlow>(slowFlow, { showOutput: false, home });
    const running = await runner.asyncRun({ seconds: 600 });
    await (how === 'kill' ? running.kill() : running.wait({ timeoutMs: 50 }));
    expect(running).toMatchObject({ status, reason });
    expect(running.run).toMatchObject({ status, reason });
    await using opened = await openHome(home);
    expect(await opened.run(running.run.pathspec)).toMatchObject({ status, reason });
  });

  test('is recorded as ended by a signal when its process is struck down', async () => {
    await using runner = new Runner<SlowFlow>(slowFlow, {
      showOutput: false,
      home: newHome(),
      env: { RACEWAY_TEST_NATIVE: 'struck' },
    });
    const running = await runner.asyncRun({ seconds: 600 });
    process.kill(running.pid, 'SIGKILL');
    await running.wait();
    const reason = { kind: 'signal', signalCode: 'SIGKILL' };
    expect(running).toMatchObject({ status: 'failed', reason });
    expect(running.run).toMatchObject({ status: 'failed', reason });
    expect(await marked({ name: 'RACEWAY_TEST_NATIVE' })).toEqual([]);
  });

  test('can be resumed, with another value for a parameter', async () => {
    await using runner = new Runner<SlowFlow>(slowFlow, { showOutput: false, home: newHome() });
    const killed = await runner.asyncRun({ seconds: 600 });
    await killed.kill();
    const resumed = await runner.resume({ originRunId: killed.run.id, parameters: { seconds: 0 } });
    expect(resumed.status).toBe('successful');
    expect(resumed.run.originRunId).toBe(killed.run.id);
    expect(await resumed.run.data.seconds).toBe(0);
  });

  test('is left as it is by a dry run of its resume', async () => {
    await using runner = new Runner(failingFlow, { showOutput: false, home: newHome() });
    const failed = await runner.run();
    const { reason } = failed;
    const dry = await runner.resume({ dryRun: true });
    expect(dry.status).toBe('successful');
    expect(dry.stdout).toContain('Resuming');
    expect((await failed.run.refresh()).reason).toEqual(reason);
  });

  test('rejects with the error of the flow when a parameter is wrong, and says which there are', async () => {
    await using runner = new Runner(slowFlow, { showOutput: false, home: newHome() });
    const unknown = runner.run({ second: 1 });
    await expect(unknown).rejects.toThrow(InvalidOptionError);
    await expect(unknown).rejects.toThrow(/Did you mean --seconds\?/);
    await expect(runner.run({ seconds: 'x' })).rejects.toThrow(InvalidOptionError);
  });

  test('rejects with NotFoundError when there is no such origin run', async () => {
    await using runner = new Runner(slowFlow, { showOutput: false, home: newHome() });
    await runner.run({ seconds: 0 });
    await expect(runner.resume({ originRunId: '17' })).rejects.toThrow(NotFoundError);
  });

  test('gives its parameters over in a file when they are long', async () => {
    await using runner = new Runner(slowFlow, { showOutput: false, home: newHome() });
    // The flow has no such parameter, and says so because it has read the file.
    await expect(runner.run({ second: 'x'.repeat(200_000) })).rejects.toThrow(/second/);
  });

  test('leaves no process when it is killed in the middle of a task', async () => {
    const home = newHome();
    await using runner = new Runner<SlowFlow>(slowFlow, {
      showOutput: false,
      home,
      env: { RACEWAY_TEST_NATIVE: 'task' },
    });
    const running = await runner.asyncRun({ seconds: 600 });
    for await (const { line } of running.streamLog('stdout')) if (line.includes('0 seconds passed')) break;
    await running.kill();
    expect(running.exitCode).toBe(143);
    expect(await marked({ name: 'RACEWAY_TEST_NATIVE', value: 'task' })).toEqual([]);
    expect(processesNamed(home)).toEqual([]);
  });
});
