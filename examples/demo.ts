/**
 * What raceway does, in a few seconds: runs a flow over a real text, shows its lines as they come, reads what it left,
 * and resumes a run that failed without doing again what had been done.
 */
import { styleText } from 'node:util';
import { type ExecutingRun, Runner } from 'raceway';
import type { TextStats } from '../flows/text-stats.ts';

const flow = new URL('../flows/text-stats.ts', import.meta.url);

const STEP_WIDTH = 12;

await using runner = new Runner<TextStats>(flow, { quiet: true, showOutput: false });

title('1. A flow runs as a process of its own, and its lines come as it prints them');
const first = await runner.asyncRun({ top: 5 }, { tags: ['demo'], reject: true });
console.log(`${first.run}, process ${first.pid}`);
await showLines(first);
await first.wait();

title('2. What it left is read by name, with the types of its class');
const { topWords, bounds, longestSentence } = await first.run.load('topWords', 'bounds', 'longestSentence');
console.log('topWords:', topWords);
console.log(`bounds: a Uint32Array of ${bounds.length.toLocaleString('en')}`);
console.log(`longestSentence: "${longestSentence.slice(0, 60)}…"`);

title('3. A run fails half-way: the pattern that says what a word is lacks its "]"');
const failed = await runner.run({ word: '[a-z' }, { tags: ['demo'] });
console.log(failed);

title('4. With another pattern it is resumed: what is done is taken over, the rest runs');
const resumed = await runner.resume({ originRunId: failed.run.id, parameters: { word: '[a-z]{6,}' }, reject: true });
const tasks = await Array.fromAsync(resumed.run.tasks());
for (const task of tasks.toReversed()) {
  const took = task.originPathspec === undefined ? 'run' : `taken over from ${task.originPathspec}`;
  console.log(`${task.stepName.padEnd(STEP_WIDTH)} ${took}`);
}
const [longWord] = await resumed.run.data.topWords;
console.log(`The most frequent word of six letters or more: ${longWord?.join(', ')} times`);

title('All of it is kept. Look for yourself:');
console.log(`  npx node flows/text-stats.ts logs ${first.run.id}/distribution
  npx node flows/text-stats.ts dump --max-value-size=200 ${first.run.id}/end
  npx node flows/text-stats.ts resume --origin-run-id=${first.run.id} --top=20   # runs the last step only
  npx node flows/text-stats.ts run --text=README.md`);

function title(text: string): void {
  console.log(`\n${styleText('bold', text)}`);
}

/** The lines of tasks, each behind its step. The lines of the run process itself are left out. */
async function showLines(running: ExecutingRun<TextStats>): Promise<void> {
  for await (const { line } of running.streamLog('stdout')) {
    const [, step, text] = /^\S+ \S+ \[\d+\/(\w+)\/\d+ \(pid \d+\)\] (.*)$/.exec(line) ?? [];
    if (step !== undefined) console.log(`${styleText('dim', step.padEnd(STEP_WIDTH))} ${text}`);
  }
}
