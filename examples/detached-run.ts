/** Starts a run that goes on when this script has ended, and attaches to it as another script would. */
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const runner = new Runner<SlowFlow>(new URL('../flows/slowflow.ts', import.meta.url));
const { run } = await runner.asyncRun({ seconds: 2 }, { detached: true });
await runner[Symbol.asyncDispose](); // ends what it started, but not this run
console.log(`${run.pathspec} goes on by itself`);

await using attached = await Runner.attach<SlowFlow>(run.pathspec);
for await (const { line } of attached.streamLog('stdout')) console.log(line);
console.log(`It was ${attached.status}, and waited for ${await attached.run.data.seconds} seconds`);
