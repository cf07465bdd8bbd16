import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { endGroup, groupExists, signalGroup } from '../../src/process/groups.ts';
import { until } from '../until.ts';

describe('endGroup', () => {
  test('ends every process of a group that gives in', async () => {
    const { group, child } = await startGroup('sleep 600 & sleep 600 & echo ready; sleep 600');
    await endGroup(group, { graceMs: 600_000 }); // longer than the test may take
    expect(groupExists(group)).toBe(false);
    await until(() => child.signalCode === 'SIGTERM');
  });

  test('sends SIGKILL after the grace', async () => {
    const { group, child } = await startGroup('trap "" TERM; echo ready; while :; do sleep 0.1; done');
    await endGroup(group, { graceMs: 50 });
    expect(groupExists(group)).toBe(false);
    await until(() => child.signalCode === 'SIGKILL');
  });

  test('sends SIGKILL at once without a grace', async () => {
    const { group, child } = await startGroup('trap "echo warned; exit" TERM; echo ready; while :; do sleep 0.1; done');
    await endGroup(group, { graceMs: 0 });
    await until(() => child.signalCode === 'SIGKILL');
  });

  test('resolves when none is left', async () => {
    const { group, child } = await startGroup('echo ready');
    await until(() => child.exitCode === 0);
    await endGroup(group);
  });
});

describe('groupExists', () => {
  test('is true while a member other than the leader is alive', async () => {
    const { group, child } = await startGroup('sleep 600 >/dev/null & echo ready');
    await until(() => child.exitCode === 0);
    expect(groupExists(group)).toBe(true);
    await endGroup(group);
    expect(groupExists(group)).toBe(false);
  });

  test('is false when the members have ended and nobody reaps them', async () => {
    // The outer process never waits for the inner one, which leads a group of its own.
    const outer = spawn('python3', ['-c', UNREAPED], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = (await once(outer.stdout, 'data')) as [Buffer];
    expect(groupExists(Number(pid.toString()))).toBe(false);
    outer.kill();
    await once(outer, 'exit');
  });
});

describe('signalGroup', () => {
  test('says whether a process is left', async () => {
    const { group, child } = await startGroup('echo ready; exec sleep 600');
    expect(signalGroup(group, 'SIGTERM')).toBe(true);
    await until(() => child.signalCode === 'SIGTERM');
    await until(() => !signalGroup(group, 'SIGTERM'));
  });

  test.each([0, 1, -5, 1.5, NaN])('refuses %s, which would reach other processes', (group) => {
    expect(() => signalGroup(group, 'SIGTERM')).toThrow(RangeError);
  });
});

const UNREAPED = `
import os, signal, time
pid = os.fork()
if pid == 0:
    os.setpgid(0, 0)
    os._exit(0)
os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
print(pid, flush=True)
time.sleep(600)
`;

async function startGroup(script: string): Promise<{ group: number; child: ChildProcess }> {
  const child = spawn('sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return { group: child.pid ?? 0, child };
}
