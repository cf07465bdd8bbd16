/** Start a run, do something else, and wait for the run when there is nothing left to do. */
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow);
const running = await runner.asyncRun();
console.log(`${running.run} is ${running.status}, and here goes something else`);
await running.wait(); // { timeoutMs: 60_000 } would end the run after a minute
console.log(`${running.run} finished`);
