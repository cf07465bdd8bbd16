/** Find the oldest run of a flow and resume it: a new run takes over what that one finished, and does the rest. */
import { openHome, Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using home = await openHome();
const oldest = (await Array.fromAsync(home.flow<SlowFlow>('SlowFlow'))).at(-1);
console.log(`Resuming the first run of SlowFlow, ${oldest?.id}`);

await using runner = new Runner<SlowFlow>(flow);
const running = await runner.resume({ originRunId: oldest?.id });
console.log(`Resumed run ${running.run} completed`);
