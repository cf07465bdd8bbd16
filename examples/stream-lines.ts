/** Take the lines of a run as it prints them, until it has ended. */
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow);
const running = await runner.asyncRun();
for await (const { line } of running.streamLog('stdout')) console.log(`OUT: ${line}`);
console.log(`${running.run} finished`);
