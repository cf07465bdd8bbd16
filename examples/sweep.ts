/** Run every combination of some values, a few at once; run again, the script skips what has been done. */
import { product, Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow);
const rows = product({ seconds: [2, 1, 0] });
for await (const { kind, parameters, run, error } of runner.map(rows, { maxConcurrency: 3, batch: 'nightly' })) {
  if (run === undefined) console.log(`${parameters.seconds} seconds: no run was started, ${error.message}`);
  else if (run.successful) console.log(`${await run.data.seconds} seconds: ${run} ${kind}`);
  else console.log(`${parameters.seconds} seconds: ${run} failed, the next time it is resumed`);
}
