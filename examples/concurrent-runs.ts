/** Have several runs at work at once, each with a parameter of its own, and take their results as they end. */
import { setTimeout } from 'node:timers/promises';
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow);
let runs = await Promise.all(
  [0, 1, 2, 3, 4].map(async (seconds) => runner.asyncRun({ seconds }, { tags: ['manyruns'] })),
);
while (runs.length > 0) {
  console.log(`${runs.length} runs are still running`);
  const ended = runs.filter(({ status }) => status !== 'running');
  runs = runs.filter((running) => !ended.includes(running));
  for (const running of ended) console.log(`${running.run} ran for ${await running.run.data.seconds} seconds`);
  await setTimeout(1000);
}
