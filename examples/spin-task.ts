/** A run failed half-way: run the one task that failed again, alone, until it is right, and try another on a short text. */
import { Runner } from 'raceway';
import type { TextStats } from '../flows/text-stats.ts';

const flow = new URL('../flows/text-stats.ts', import.meta.url);

await using runner = new Runner<TextStats>(flow, { showOutput: false });
const { run, reason } = await runner.run({ word: '[a-z' }); // the pattern lacks its "]"
console.log(`${run} failed:`, reason);

const mended = await runner.spin(`${run.id}/words`, { parameters: { word: '[a-z]+' } });
const { counts } = await mended.task.load('counts');
console.log(`${mended.task.originPathspec} again: ${mended.status}, ${counts.size} different words`);

const tried = await runner.spin(`${run.id}/sentences`, { artifacts: { prose: 'A short text. It has two sentences.' } });
console.log(`${tried.task.originPathspec} with a short text: ${(await tried.task.stdout()).trim()}`);
