/** Take one line at a time between other work, and go on later from where the reading stopped. */
import { setTimeout } from 'node:timers/promises';
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow, { quiet: true });
const running = await runner.asyncRun({ seconds: 3 });
const lines = running.streamLog('stdout');
let reached = 0;
while (running.status === 'running') {
  const next = await lines.next();
  if (next.done) break;
  reached = next.value.position;
  console.log(`STILL RUNNING: ${next.value.line}`);
  await setTimeout(1000);
}

// The position that comes with a line is where the next one begins, so that nothing is missed and nothing comes twice.
for await (const { line } of running.streamLog('stdout', { position: reached })) console.log(`AFTERWARDS: ${line}`);
console.log(`${running.run} finished`);
