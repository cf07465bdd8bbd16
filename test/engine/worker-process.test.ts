import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RunFacts, TaskFacts } from '../../src/engine/messages.ts';
import { WorkerProcess } from '../../src/engine/worker-process.ts';
import { Guardian } from '../../src/process/guardian.ts';
import { entryOf } from '../../src/process/process-table.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('a worker that does not come to load the flow is ended when its time is over, and its task is told', async () => {
  using folder = temporaryFolder();
  const script = folder.file('hangs.mjs');
  writeFileSync(script, `console.log('loading'); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`);
  await using guardian = new Guardian();
  const worker = new WorkerProcess({
    script,
    environment: process.env,
    guardian,
    startLimitMs: 1500,
    onPrinted: () => {},
  });
  // Nothing of these is looked at before the worker is ready.
  const end = await worker.run({} as TaskFacts, { run: {} as RunFacts });
  expect(end).toStrictEqual({
    kind: 'unloadable',
    message: 'its worker had not loaded the flow after 1.5 s\nloading',
  });
  expect(entryOf(worker.pid)).toBeUndefined();
  await worker.end({ graceMs: 0 });
});
