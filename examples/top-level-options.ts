/** Set the options that stand before the command: here `node flows/slowflow.ts --no-lint --quiet run`. */
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow, { lint: false, quiet: true });
const running = await runner.run();
console.log(`${running.run} finished without a check of its graph`);
