/** Give a run its parameters, and read afterwards how it went, what it printed and what it left. */
import { Runner } from 'raceway';
import type { SlowFlow } from '../flows/slowflow.ts';

const flow = new URL('../flows/slowflow.ts', import.meta.url);

await using runner = new Runner<SlowFlow>(flow, { showOutput: false });
const running = await runner.run({ seconds: 2 }); // { seconds: 'two' } or { second: 2 } would not compile
if (running.status === 'successful') console.log(`✅ ${running.run} succeeded:`);
else console.log(`❌ ${running.run} did not succeed:`, running.reason);
console.log(`-- stdout --\n${running.stdout}`);
console.log(`-- stderr --\n${running.stderr}`);

const seconds = await running.run.data.seconds;
console.log(`⏰ The flow waited for ${seconds} seconds`);
