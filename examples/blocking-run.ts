/** Run a flow and wait for its end; what it prints is shown as it comes. */
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow);
const running = await runner.run();
console.log(`${running.run} finished`);
