/**
 * Has a Runner run `flows/prints-lines.ts` and reads its lines as the order says, resting now and then, and leaving and coming
 * back to the position that it had reached. Prints what it found, see `LinesRead`.
 */
import { readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Runner } from 'raceway';
import type { ParentOrder } from '../injection.ts';
import type { LinesRead } from '../lines-read.ts';

const LOOK_EVERY = 1000;

const { flow, home, parameters, options, reader } = JSON.parse(process.argv[2] ?? '') as ParentOrder;
if (reader === undefined) throw new Error('the order does not say how to read');
const { restEvery, restMs, leaveEvery } = reader;

await using runner = new Runner(flow, { home, showOutput: false });
const running = await runner.asyncRun(parameters, options);
console.log(JSON.stringify({ event: 'started', pathspec: running.run.pathspec, pid: running.pid }));
let isOverSooner = false;
let hasOutlasted = false;
void running.wait().then(() => (isOverSooner = true));
let [position, read, numbered, next, gapsTold, mostBehindBytes] = [0, 0, 0, 0, 0, 0];
let mayBeMissing = false; // between the line before and the next one
let wrong: string | undefined;
for (let isOver = false; !isOver;) {
  isOver = true;
  for await (const entry of running.streamLog('stdout', { position })) {
    const expected = position + Buffer.byteLength(entry.line) + 1;
    if (entry.position !== expected) wrong ??= `after ${entry.line} comes ${entry.position}, not ${expected}`;
    ({ position } = entry);
    read += 1;
    if (entry.line.includes('lines may be missing')) {
      gapsTold += 1;
      mayBeMissing = true;
    }
    const number = / line (\d+) x*$/.exec(entry.line)?.[1];
    if (number !== undefined) {
      const isInOrder = Number(number) === next || (mayBeMissing && Number(number) > next);
      if (!isInOrder) wrong ??= `line ${number} instead of ${next}`;
      mayBeMissing = false;
      next = Number(number) + 1;
      numbered += 1;
    }
    if (read % LOOK_EVERY === 0) {
      mostBehindBytes = Math.max(mostBehindBytes, stdoutBytes() - position);
      hasOutlasted ||= isOverSooner;
    }
    if (read % restEvery === 0) await setTimeout(restMs);
    if (read % leaveEvery === 0) {
      isOver = false;
      break;
    }
  }
}
await running.wait();
const said: LinesRead = {
  event: 'read',
  status: running.status,
  stderr: running.stderr.slice(-2000),
  lines: numbered,
  last: next - 1,
  gapsTold,
  isEndOpen: mayBeMissing,
  mostBehindBytes,
  hasOutlasted,
  wrong,
  position,
  sizeBytes: stdoutBytes(),
  peakMegabytes: process.resourceUsage().maxRSS / 1000,
};
console.log(JSON.stringify(said));

/** The Runner keeps what a run writes in a temporary folder; of this process there is one. */
function stdoutBytes(): number {
  const folder = readdirSync(tmpdir()).find((name) => name.startsWith(`raceway-${process.pid}-`)) ?? '';
  return statSync(join(tmpdir(), folder, 'stdout.log')).size;
}
