import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FlowStartError, Runner } from '../src/index.ts';
import { marked } from '../src/process/marked.ts';

// Metaflow's own flows run through this Runner, which is the proof that the flow protocol is what it says.
const python = process.env['RACEWAY_TEST_PYTHON'] ?? fileURLToPath(new URL('../.venv/bin/python', import.meta.url));
const MARK = 'RACEWAY_METAFLOW_TEST';

let folder: string;

beforeAll(async () => {
  if (!existsSync(python)) {
    throw new Error(
      `there is no ${python} to run Metaflow on; make it: ` +
        'python3 -m venv .venv && .venv/bin/pip install -r test/fixtures/metaflow/requirements.txt',
    );
  }
  folder = await mkdtemp(join(tmpdir(), 'metaflow-'));
});

afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});

beforeEach(({ task }) => {
  process.env[MARK] = task.id;
});

function runnerOf(flow: string): Runner {
  return new Runner(new URL(`fixtures/metaflow/${flow}.py`, import.meta.url), {
    interpreter: [python],
    showOutput: false,
    pylint: false,
    cwd: folder,
    // Nothing of the user's own Metaflow is read or written.
    env: { USER: 'tester', METAFLOW_HOME: folder, METAFLOW_DATASTORE_SYSROOT_LOCAL: folder },
  });
}

describe('Runner with a flow of Metaflow', () => {
  test('gives status, run id, flow name and output when the run has ended', async () => {
    await using runner = runnerOf('slowflow');
    const running = await runner.run({ seconds: 0 }, { tags: ['one', 'two'], maxWorkers: 1 });
    expect(running).toMatchObject({ status: 'successful', reason: undefined, exitCode: 0 });
    expect(running.run.flowName).toBe('SlowFlow');
    expect(running.run.id).toMatch(/^\d{16}$/);
    expect(running.run.pathspec).toBe(`SlowFlow/${running.run.id}`);
    expect(running.command).toEqual(
      expect.arrayContaining(['--no-pylint', '--tag=one', '--tag=two', '--max-workers=1']),
    );
    expect(running.stdout).toMatch(`[${running.run.id}/end/2 (pid`);
    expect(running.stderr).toContain('executing SlowFlow for user:tester');
  });

  test('gives out lines while the flow prints them', async () => {
    await using runner = runnerOf('slowflow');
    const running = await runner.asyncRun({ seconds: 2 });
    const seen: { line: string; status: string }[] = [];
    for await (const { line } of running.streamLog('stdout')) {
      if (line.endsWith('seconds passed')) seen.push({ line: line.slice(-16), status: running.status });
    }
    expect(seen).toEqual([
      { line: '0 seconds passed', status: 'running' },
      { line: '1 seconds passed', status: 'running' },
    ]);
    await running.wait();
    expect(running.status).toBe('successful');
  });

  test('goes on at a position in the log without a gap or a repeat', async () => {
    await using runner = runnerOf('slowflow');
    const running = await runner.asyncRun({ seconds: 1 });
    const lines: string[] = [];
    let next = 0;
    for await (const { position, line } of running.streamLog('stdout')) {
      lines.push(line);
      next = position;
      if (lines.length === 2) break;
    }
    for await (const { line } of running.streamLog('stdout', { position: next })) lines.push(line);
    await running.wait();
    expect(`${lines.join('\n')}\n`).toBe(running.stdout);
  });

  test('has status failed when a step raises', async () => {
    await using runner = runnerOf('brokenflow');
    const running = await runner.run();
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'exit', exitCode: 1 } });
    expect(running.run.flowName).toBe('BrokenFlow');
    expect(running.stdout).toContain('ValueError: out of apples');
  });

  test('resumes a run by its id', async () => {
    await using runner = runnerOf('slowflow');
    const { run: origin } = await runner.run({ seconds: 0 });
    const running = await runner.resume({ originRunId: origin.id, stepToRerun: 'end' });
    expect(running.status).toBe('successful');
    expect(running.run.id).not.toBe(origin.id);
    expect(running.stdout).toContain(`Cloning previously run task ${origin.id}/start/1`);
  });

  test('spins a task by its pathspec', async () => {
    await using runner = runnerOf('slowflow');
    const { run: origin } = await runner.run({ seconds: 1 });
    const running = await runner.spin(`${origin.id}/start`);
    expect(running.status).toBe('successful');
    expect(running.task.stepName).toBe('start');
    expect(running.task.pathspec).toMatch(/^SlowFlow\/\d+\/start\/\d+$/);
    expect(running.stdout).toContain('0 seconds passed');
  });

  test.each([
    [
      'a parameter of the wrong type',
      { seconds: 'soon' },
      "Invalid value for '--seconds': soon is not a valid integer",
    ],
    ['a parameter that does not exist', { minutes: 1 }, 'no such option: --minutes'],
  ])("rejects with the flow's own words for %s", async (_, parameters, words) => {
    await using runner = runnerOf('slowflow');
    const error: unknown = await runner.run(parameters).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FlowStartError);
    expect(error).toMatchObject({ code: 'FLOW_START', exitCode: 2, stderr: expect.stringContaining(words) });
    expect((error as FlowStartError).message).toContain(words);
  });

  test('leaves none of its processes behind when it is killed', async () => {
    await using runner = runnerOf('slowflow');
    const running = await runner.asyncRun({ seconds: 600 });
    for await (const { line } of running.streamLog('stdout')) if (line.endsWith('0 seconds passed')) break;
    expect(await marked({ name: MARK, value: process.env[MARK] ?? '' })).toHaveLength(2);
    await running.kill();
    expect(await marked({ name: MARK, value: process.env[MARK] ?? '' })).toEqual([]);
    expect(running).toMatchObject({ status: 'failed', reason: { kind: 'killed' } });
  });

  test('says of whatever else its run has that it is kept elsewhere', async () => {
    await using runner = runnerOf('slowflow');
    const { run } = await runner.run({ seconds: 0 });
    await expect(run.data['secs']).rejects.toMatchObject({ code: 'FOREIGN_RUN' });
    await expect(run.refresh()).rejects.toMatchObject({ code: 'FOREIGN_RUN' });
  });
});
