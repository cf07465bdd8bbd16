/** Set options of the run itself: here one task at a time, and labels by which the run is found again. */
import { openHome, Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow, { showOutput: false });
const running = await runner.run({}, { maxWorkers: 1, tags: ['myrun', 'another_tag'] });
console.log(`${running.run} has the tags ${running.run.userTags.join(', ')}`);

await using home = await openHome();
for await (const run of home.flow<SlowFlow>('SlowFlow').runs({ tags: ['myrun'], limit: 3 })) {
  console.log(`found by its tag: ${run}`);
}
