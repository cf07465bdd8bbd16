/**
 * Has a Runner run a flow, as the order in its only argument says, and prints what the handle says, one JSON object a line:
 * when the run has started, when it has ended, and why it could not be started.
 */
import { type ExecutingRun, Runner } from 'raceway';
import type { ParentOrder } from '../injection.ts';
import { instant } from '../instant.ts';

const { flow, home, cwd, parameters, options, kills } = JSON.parse(process.argv[2] ?? '') as ParentOrder;
const say = (facts: Readonly<Record<string, unknown>>): boolean => process.stdout.write(`${JSON.stringify(facts)}\n`);

await using runner = new Runner(flow, { home, showOutput: false, ...(cwd && { cwd }) });
try {
  const running = await runner.asyncRun(parameters, options);
  const { run } = running;
  say({ event: 'started', pathspec: run.pathspec, pid: running.pid });
  if (kills === true) await running.kill();
  await running.wait();
  const { status, reason, exitCode, signalCode } = running;
  const outputs = { stdout: outputOf(running, 'stdout'), stderr: outputOf(running, 'stderr').slice(-4000) };
  const at = instant();
  say({ event: 'ended', at, pathspec: run.pathspec, status, reason, exitCode, signalCode, ...outputs });
} catch (error) {
  if (!(error instanceof Error)) throw error;
  say({ event: 'refused', name: error.name, message: error.message });
}

/** What it printed, or why that cannot be read. */
function outputOf(running: ExecutingRun, stream: 'stdout' | 'stderr'): string {
  try {
    return running[stream];
  } catch (error) {
    return String(error);
  }
}
