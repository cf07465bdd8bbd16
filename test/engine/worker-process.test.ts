import { watch, writeFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { RunFacts, TaskFacts } from '../../src/engine/messages.ts';
import { WorkerProcess } from '../../src/engine/worker-process.ts';
import { Guardian } from '../../src/process/guardian.ts';
import { entryOf } from '../../src/process/process-table.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

/** Starts a worker that has so long to load the flow. */
function startWorker(script: string, { guardian, startLimitMs }: { guardian: Guardian; startLimitMs: number }) {
  return new WorkerProcess({ script, environment: process.env, guardian, startLimitMs, onPrinted: () => {} });
}

// Nothing of these is looked at before the worker is ready.
const TASK = {} as TaskFacts;
const RUN = { run: {} as RunFacts };

test('a worker that does not come to load the flow is ended when its time is over, and its task is told', async () => {
  using folder = temporaryFolder();
  const script = folder.file('hangs.mjs');
  writeFileSync(script, `console.log('loading'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`);
  await using guardian = new Guardian();
  const worker = startWorker(script, { guardian, startLimitMs: 1500 });
  const end = await worker.run(TASK, RUN);
  expect(end).toStrictEqual({
    kind: 'unloadable',
    message: 'its worker had not loaded the flow after 1.5 s\nloading',
  });
  expect(entryOf(worker.pid)).toBeUndefined();
  await worker.end({ graceMs: 0 });
});

test('a run process that slept does not take its own sleep for that of a worker that is loading the flow', async () => {
  using folder = temporaryFolder();
  const script = folder.file('ends.mjs');
  writeFileSync(script, `process.send({ type: 'ready' }); process.on('message', () => process.exit(3));`);
  await using guardian = new Guardian();
  const worker = startWorker(script, { guardian, startLimitMs: 1000 });
  const ended = worker.run(TASK, RUN);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000); // nothing happens in this process meanwhile
  expect(await ended).toStrictEqual({ kind: 'exit', exitCode: 3 });
  await worker.end({ graceMs: 0 });
});

test('what a worker prints before its task has no file that SIGKILL of the run process could leave', async () => {
  using folder = temporaryFolder();
  using temporary = temporaryFolder();
  const script = folder.file('prints.mjs');
  writeFileSync(script, `console.error('why it cannot be loaded'); process.exit(1);`);
  vi.stubEnv('TMPDIR', temporary.path);
  onTestFinished(() => void vi.unstubAllEnvs());
  const names: (string | null)[] = [];
  const watcher = watch(temporary.path, (_, name) => names.push(name));
  onTestFinished(() => watcher.close());
  await using guardian = new Guardian();
  const worker = startWorker(script, { guardian, startLimitMs: 20_000 });
  expect(await worker.run(TASK, RUN)).toMatchObject({ message: expect.stringContaining('why it cannot be loaded') });
  writeFileSync(temporary.file('last'), '');
  await until(() => names.includes('last'));
  const named = names.filter((name) => !/^#\d+$/.test(name ?? '')); // the kernel's word for a file that has no name
  expect(new Set(named)).toStrictEqual(new Set(['last']));
});
