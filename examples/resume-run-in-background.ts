/** The same as resume-run.ts, but the script goes on as soon as the resumed run has started. */
import { openHome, Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using home = await openHome();
const oldest = (await Array.fromAsync(home.flow<SlowFlow>('SlowFlow'))).at(-1);
console.log(`Resuming the first run of SlowFlow, ${oldest?.id}`);

await using runner = new Runner<SlowFlow>(flow);
const running = await runner.asyncResume({ originRunId: oldest?.id });
console.log(`${running.run} is ${running.status}`);
await running.wait();
console.log(`Resumed run ${running.run} completed`);
