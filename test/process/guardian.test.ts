import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { groupExists } from '../../src/process/groups.ts';
import { Guardian } from '../../src/process/guardian.ts';
import { marked } from '../../src/process/marked.ts';
import { processesNamed } from '../processes-named.ts';
import { until } from '../until.ts';

// An owner starts a child of each kind, prints its mark, and hangs.
const owner = new URL('../fixtures/parents/owns-a-guardian.ts', import.meta.url).pathname;

async function startOwner(...words: string[]): Promise<{ process: ChildProcess; mark: string }> {
  const process = spawn('node', [owner, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(process.stdout, 'data')) as [Buffer];
  return { process, mark: line.toString().trim() };
}

describe('Guardian', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)(
    'ends what is watched when its owner gets %s',
    async (signal) => {
      const { process, mark } = await startOwner();
      await until(async () => (await marked({ name: mark })).length === 6); // a seventh, a shell, ends by itself
      process.kill(signal);
      await until(async () => (await marked({ name: mark })).length === 0);
    },
  );

  test('ends what is watched when its owner exits', async () => {
    const { mark } = await startOwner('exit');
    await until(async () => (await marked({ name: mark })).length === 0);
  });

  test('ends a child that was started and not yet watched', async () => {
    await using guardian = new Guardian();
    const child = startMarked(guardian, 'sleep', ['600']);
    await guardian.close();
    await until(() => child.signalCode === 'SIGTERM');
  });

  test('sends SIGKILL after the grace to what ignores SIGTERM', async () => {
    const guardian = new Guardian({ graceMs: 100 });
    const child = startMarked(guardian, 'sh', ['-c', 'trap "" TERM; echo; while :; do sleep 0.1; done']);
    guardian.watch(child.pid ?? 0);
    await once(child.stdout ?? child, 'data');
    await guardian.close();
    await until(() => child.signalCode === 'SIGKILL');
  });

  test('leaves a group alone that was released', async () => {
    const guardian = new Guardian();
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    const group = child.pid ?? 0;
    guardian.watch(group);
    guardian.release(group);
    await guardian.close();
    expect(groupExists(group)).toBe(true);
    child.kill();
    await once(child, 'exit');
  });

  test('keeps one group when another is released', async () => {
    const guardian = new Guardian();
    const children = [1, 2, 3].map(() => spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }));
    for (const { pid = 0 } of children) guardian.watch(pid);
    guardian.release(children[1]?.pid ?? 0);
    await guardian.close();
    await until(() => children[0]?.signalCode === 'SIGTERM' && children[2]?.signalCode === 'SIGTERM');
    expect(children[1]?.signalCode).toBe(null);
    children[1]?.kill();
    await until(() => children[1]?.signalCode === 'SIGTERM');
  });

  test('removes a watched folder and keeps a released one when it is closed', async () => {
    const guardian = new Guardian();
    const [watched, released, other] = ['a b', 'c', "d'e"].map((name) => mkdtempSync(join(tmpdir(), name))) as [
      string,
      string,
      string,
    ];
    for (const folder of [watched, released, other]) guardian.watchFolder(folder);
    guardian.releaseFolder(released);
    await guardian.close();
    expect([watched, released, other].map((folder) => existsSync(folder))).toEqual([false, true, false]);
  });

  test('is replaced when somebody ends it', async () => {
    const guardian = new Guardian();
    const child = startMarked(guardian, 'sleep', ['600']);
    guardian.watch(child.pid ?? 0);
    const first = guardianPid(guardian);
    process.kill(first ?? 0, 'SIGKILL');
    await until(() => ![first, undefined].includes(guardianPid(guardian)));
    await guardian.close();
    await until(() => child.signalCode === 'SIGTERM');
  });

  test('is started with the next child when there was no file descriptor for it', async () => {
    const script = new URL('../fixtures/parents/lacks-a-guardian.ts', import.meta.url).pathname;
    const process = spawn('sh', ['-c', 'ulimit -n 64; exec node "$1"', 'sh', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(process.stdout, 'data')) as [Buffer];
    const mark = line.toString().trim();
    expect(await marked({ name: mark })).toHaveLength(1);
    process.kill('SIGKILL');
    await until(async () => (await marked({ name: mark })).length === 0);
  });

  test('ends what is watched also when it is struck down and closed at once', async () => {
    const guardian = new Guardian();
    const child = startMarked(guardian, 'sleep', ['600']);
    guardian.watch(child.pid ?? 0);
    process.kill(guardianPid(guardian) ?? 0, 'SIGKILL');
    await guardian.close();
    await until(() => child.signalCode === 'SIGTERM');
  });

  test('carries no mark, its own or that of whoever started its owner', async () => {
    process.env['RACEWAY_MARK_outer'] = '1';
    await using guardian = new Guardian();
    delete process.env['RACEWAY_MARK_outer'];
    expect(await marked({ name: guardian.mark.name })).toEqual([]);
    expect(await marked({ name: 'RACEWAY_MARK_outer' })).toEqual([]);
  });

  test('closes twice without complaint', async () => {
    const guardian = new Guardian();
    await Promise.all([guardian.close(), guardian.close()]);
    await guardian[Symbol.asyncDispose]();
    expect(processesNamed(guardian.mark.name)).toEqual([]);
  });

  test('goes without a look around when it is dismissed', async () => {
    const guardian = new Guardian();
    const child = startMarked(guardian, 'sleep', ['600']);
    guardian.dismiss();
    await until(() => guardianPid(guardian) === undefined);
    expect(await marked(guardian.mark)).toEqual([child.pid]);
    child.kill();
    await once(child, 'exit');
  });

  test('watches what is started after it was dismissed', async () => {
    const guardian = new Guardian();
    guardian.dismiss();
    await until(() => guardianPid(guardian) === undefined);
    const child = startMarked(guardian, 'sleep', ['600']);
    guardian.watch(child.pid ?? 0);
    expect(guardianPid(guardian)).toBeDefined();
    await guardian.close();
    await until(() => child.signalCode === 'SIGTERM');
    expect(guardianPid(guardian)).toBeUndefined();
  });

  test('cannot be dismissed while something is watched', async () => {
    const guardian = new Guardian();
    const child = startMarked(guardian, 'sleep', ['600']);
    guardian.watch(child.pid ?? 0);
    guardian.dismiss();
    await guardian.close();
    await until(() => child.signalCode === 'SIGTERM');
  });

  test('refuses a grace that is no time', () => {
    expect(() => new Guardian({ graceMs: -1 })).toThrow(new RangeError('graceMs must be 0 or more, not -1'));
  });
});

function startMarked(guardian: Guardian, file: string, args: readonly string[]): ChildProcess {
  const env = { ...process.env, [guardian.mark.name]: guardian.mark.value };
  return spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'ignore'], env });
}

function guardianPid(guardian: Guardian): number | undefined {
  return processesNamed(guardian.mark.name)[0];
}
