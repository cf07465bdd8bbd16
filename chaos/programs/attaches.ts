/** Attaches to a run, reads its lines to the end, and prints what the handle says, as `runs-a-flow.ts` does: `attaches.ts <home> <pathspec>`. */
import { Runner } from 'raceway';
import { instant } from '../instant.ts';

const [home = '', pathspec = ''] = process.argv.slice(2);
await using running = await Runner.attach(pathspec, { home });
let last = '';
for await (const { line } of running.streamLog('stdout')) last = line;
await running.wait();
const { status, reason, exitCode, signalCode, stdout, stderr } = running;
const outputs = { stdout, stderr: stderr.slice(-4000), last };
const said = { event: 'ended', at: instant(), pathspec, status, reason, exitCode, signalCode, ...outputs };
console.log(JSON.stringify(said));
