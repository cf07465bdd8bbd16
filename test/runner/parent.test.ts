import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { marked } from '../../src/process/marked.ts';
import { processesNamed } from '../processes-named.ts';
import { until } from '../until.ts';

/** A script that uses the Runner, all of whose processes and files can be counted. */
class Parent {
  readonly #id = `${process.pid}.${Math.random()}`;
  readonly folder = mkdtempSync(join(tmpdir(), 'parent-'));
  readonly process: ChildProcess;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  readonly exited: Promise<unknown[]>;

  constructor(script: string, ...words: string[]) {
    const file = fileURLToPath(new URL(`../fixtures/parents/${script}`, import.meta.url));
    const env = { ...process.env, TMPDIR: this.folder, RACEWAY_TEST_PARENT: this.#id };
    const child = spawn(process.execPath, [file, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.process = child;
    this.stdout = text(child.stdout);
    this.stderr = text(child.stderr);
    this.exited = once(child, 'exit');
  }

  /** Resolves when the script has printed something. */
  async ready(): Promise<this> {
    await once(this.process.stdout ?? this.process, 'data');
    return this;
  }

  async processes(): Promise<number[]> {
    return await marked({ name: 'RACEWAY_TEST_PARENT', value: this.#id });
  }

  tempFolders(): string[] {
    return readdirSync(this.folder).filter((name) => name.startsWith('raceway-'));
  }
}

// At once, because most of the time is the grace of what ignores SIGTERM.
describe.concurrent('a script that started runs leaves no process and no file', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('when it gets %s', async (signal) => {
    const unmarked = `unmarked-${process.pid}-${signal}`;
    const parent = await new Parent('starts-runs.ts', 'wait', unmarked).ready();
    expect((await parent.processes()).length).toBeGreaterThan(10);
    expect(processesNamed(unmarked).length).toBeGreaterThan(2);
    parent.process.kill(signal);
    await until(async () => (await parent.processes()).length === 0 && processesNamed(unmarked).length === 0);
    await until(() => parent.tempFolders().length === 0);
  });

  test('when it gets SIGTERM in a loop that gives nothing its turn', async () => {
    const parent = await new Parent('starts-runs.ts', 'block').ready();
    parent.process.kill('SIGTERM');
    await until(async () => (await parent.processes()).length === 0);
  });

  test.each(['SIGKILL', 'SIGINT'] as const)(
    'when it gets %s while the files of a run are being made',
    async (signal) => {
      for (let round = 0; round < 3; round++) {
        const parent = new Parent('keeps-starting.ts');
        while (parent.tempFolders().length === 0) await setImmediate(); // as soon as there is anything
        parent.process.kill(signal);
        await parent.exited;
        await until(async () => (await parent.processes()).length === 0);
        await until(() => parent.tempFolders().length === 0);
      }
    },
  );

  test.each(['exit', 'throw'])('when it ends by %s', async (ending) => {
    const parent = await new Parent('starts-runs.ts', ending).ready();
    await parent.exited;
    await until(async () => (await parent.processes()).length === 0);
    await until(() => parent.tempFolders().length === 0);
  });

  test('when it disposes its runner, and then it ends by itself', async () => {
    const parent = await new Parent('starts-runs.ts', 'dispose').ready();
    expect(await parent.exited).toEqual([0, null]);
    expect(await parent.processes()).toEqual([]);
    expect(parent.tempFolders()).toEqual([]);
  });

  test('when it disposes of nothing, and then it ends by itself', async () => {
    const parent = new Parent('runs-and-returns.ts', 'exits.mjs');
    expect(await parent.exited).toEqual([0, null]);
    await until(() => parent.tempFolders().length === 0);
  });
});

describe('a blocking operation', () => {
  test('copies stdout to stdout and stderr to stderr, and all of it before it resolves', async () => {
    const parent = new Parent('runs-and-returns.ts', 'exits.mjs');
    expect(await parent.stdout).toBe('out\nsuccessful\n');
    expect(await parent.stderr).toBe('err\n');
  });

  test('copies what a child printed that never announced a run', async () => {
    const parent = new Parent('runs-and-returns.ts', 'exits-before-announcing.mjs', 'status=7');
    expect(await parent.stdout).toBe('what it said\n');
    expect(await parent.stderr).toMatch(/^what went wrong\n[^]*FlowStartError/);
  });

  test('copies megabytes to a slow reader byte by byte', async () => {
    const parent = new Parent('runs-and-returns.ts', 'prints-numbered-lines.mjs', 'count=50000');
    const printed = await parent.stdout;
    const expected = Array.from({ length: 50_000 }, (_, number) => `line ${number} ${'·'.repeat(number % 40)}\n`);
    expect(printed === `${expected.join('')}successful\n`).toBe(true);
  });
});

describe('ExecutingRun.wait with a stream', () => {
  test.each([
    ['stdout', 'out\n', ''],
    ['stderr', '', 'err\n'],
  ])('prints %s from its beginning', async (stream, stdout, stderr) => {
    const parent = new Parent('waits-with-stream.ts', stream);
    expect(await parent.stdout).toBe(stdout);
    expect(await parent.stderr).toBe(stderr);
  });
});
