/** Start a run, go on, and look at its status now and then. */
import { setTimeout } from 'node:timers/promises';
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow);
const running = await runner.asyncRun();
while (running.status === 'running') {
  console.log(`Run status is ${running.status}`);
  await setTimeout(1000);
}
console.log(`${running.run} finished`);
