import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { signalTree } from '../../src/process/signal-tree.ts';
import { processesNamed } from '../processes-named.ts';
import { until } from '../until.ts';

const path = process.env['PATH'];

afterEach(() => {
  process.env['PATH'] = path;
});

async function startTree(name: string): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', `setsid sh -c ': ${name}; echo; sleep 600' & : ${name}; wait`]);
  await once(child.stdout, 'data');
  return child;
}

/** By the signal, or because the child that it waited for has. */
function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

describe('signalTree', () => {
  test('reaches descendants that left the group', async () => {
    const name = `tree-${process.pid}`;
    const child = await startTree(name);
    expect(processesNamed(name).length).toBeGreaterThan(1);
    expect(await signalTree(child.pid ?? 0, 'SIGTERM')).toBe(true);
    await until(() => hasEnded(child));
    await until(() => processesNamed(name).length === 0);
  });

  test('says so, and does not throw where nobody can catch it, when processes cannot be listed', async () => {
    const child = await startTree(`unlisted-${process.pid}`);
    process.env['PATH'] = '/no/such/folder';
    expect(await signalTree(child.pid ?? 0, 'SIGTERM')).toBe(false);
    process.env['PATH'] = path;
    expect(hasEnded(child)).toBe(false);
    await signalTree(child.pid ?? 0, 'SIGKILL');
    await until(() => hasEnded(child));
  });
});
