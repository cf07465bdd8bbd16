// Starts many runs at once and prints what became of them: `runs-many.ts <flow file> <home> <count> <gate>`. With a gate,
// a file for which the steps wait, all runs are in flight before one can end, and the memory of all is measured then.
import { writeFileSync } from 'node:fs';
import { Runner } from 'raceway';
import { memoryOf, treeOf } from '../process-tree.ts';
import type { ManyRuns } from '../questions/concurrency.ts';

const [flowFile = '', home = '', count = '1', gate] = process.argv.slice(2);
await using runner = new Runner(flowFile, { home, showOutput: false, env: { BENCH_GATE: gate } });
const ownBefore = memoryOf([process.pid]).proportionalBytes;
const startMs = performance.now();
const started = Array.from({ length: Number(count) }, async () => {
  const running = await runner.asyncRun();
  return { running, handleMs: performance.now() - startMs };
});
let memory: ManyRuns['memory'];
if (gate !== undefined) {
  const all = (await Promise.all(started)).map(({ running }) => running);
  for (const running of all)
    for await (const { line } of running.streamLog('stdout')) if (line.endsWith('waiting')) break;
  const children = memoryOf(treeOf(...all.map(({ pid }) => pid)));
  memory = {
    parentBytes: memoryOf([process.pid]).proportionalBytes - ownBefore,
    childrenBytes: children.proportionalBytes,
    childrenResidentBytes: children.residentBytes,
  };
  writeFileSync(gate, '');
}
const ended = await Promise.allSettled(
  started.map(async (start) => {
    const { running, handleMs } = await start;
    await running.wait();
    return { status: running.status, handleMs };
  }),
);
const result: ManyRuns = {
  totalMs: performance.now() - startMs,
  handleMs: ended.flatMap((end) => (end.status === 'fulfilled' ? [end.value.handleMs] : [])),
  failures: ended.filter((end) => end.status === 'rejected' || end.value.status !== 'successful').length,
  memory,
};
console.log(JSON.stringify(result));
