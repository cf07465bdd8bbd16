/**
 * Injects faults into real runs and checks what came of it: `npm run chaos`, or
 *
 *   npm run chaos -- --bounded                                     a few of each
 *   npm run chaos -- --seed 7 --only kill-worker --times 5         one fault, so many times
 *   npm run chaos -- --seed 7 --only kill-worker --from 31 --times 1    one injection again
 *
 * A full run of all faults writes `docs/chaos.md`. The exit status is 1 when something did not hold.
 */
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatPage } from './format-page.ts';
import type { Fault } from './fault.ts';
import { artifactLost } from './faults/artifact-lost.ts';
import { clockSet } from './faults/clock-set.ts';
import { databaseTruncated } from './faults/database-truncated.ts';
import { diskFull } from './faults/disk-full.ts';
import { diskReadOnly } from './faults/disk-read-only.ts';
import { fewDescriptors } from './faults/few-descriptors.ts';
import { fewProcesses } from './faults/few-processes.ts';
import { fileSizeLimit } from './faults/file-size-limit.ts';
import { folderRemoved } from './faults/folder-removed.ts';
import { gigabyte } from './faults/gigabyte.ts';
import { killDetaching } from './faults/kill-detaching.ts';
import { homeMoved } from './faults/home-moved.ts';
import { homeReadOnly } from './faults/home-read-only.ts';
import { homeRemoved } from './faults/home-removed.ts';
import { killKeeper } from './faults/kill-keeper.ts';
import { killGuardian } from './faults/kill-guardian.ts';
import { killInCommit } from './faults/kill-in-commit.ts';
import { killParent } from './faults/kill-parent.ts';
import { killResume } from './faults/kill-resume.ts';
import { killRun } from './faults/kill-run.ts';
import { killWhileWriting } from './faults/kill-while-writing.ts';
import { killWorker } from './faults/kill-worker.ts';
import { logDiskFull } from './faults/log-disk-full.ts';
import { logsLost } from './faults/logs-lost.ts';
import { manyRuns } from './faults/many-runs.ts';
import { pageFlipped } from './faults/page-flipped.ts';
import { slowReader } from './faults/slow-reader.ts';
import { stopRun } from './faults/stop-run.ts';
import { disposeAll } from './injection.ts';
import { temporaryLost } from './faults/temporary-lost.ts';
import { walLost } from './faults/wal-lost.ts';
import { formatReport } from './report.ts';
import { strike, type Struck } from './strike.ts';

const FAULTS: readonly Fault[] = [
  killWorker,
  killRun,
  killParent,
  killGuardian,
  killWhileWriting,
  killInCommit,
  killResume,
  killDetaching,
  killKeeper,
  stopRun,
  fewDescriptors,
  fewProcesses,
  manyRuns,
  gigabyte,
  slowReader,
  diskFull,
  logDiskFull,
  fileSizeLimit,
  diskReadOnly,
  homeReadOnly,
  homeRemoved,
  homeMoved,
  databaseTruncated,
  pageFlipped,
  walLost,
  artifactLost,
  logsLost,
  temporaryLost,
  folderRemoved,
  clockSet,
];

// What root has there and others may not have on their PATH: mkfs.ext4, chattr, prlimit.
process.env['PATH'] = [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter);

const { values } = parseArgs({
  options: {
    bounded: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    only: { type: 'string', multiple: true },
    times: { type: 'string' },
    from: { type: 'string' },
  },
});
const unknown = values.only?.find((name) => !FAULTS.some((fault) => fault.name === name));
if (unknown !== undefined) {
  console.error(
    `there is no fault ${JSON.stringify(unknown)}; there are: ${FAULTS.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}
const [seed, times, from] = [values.seed, values.times, values.from].map((text) => number(text));
const extent = values.bounded ? 'bounded' : 'full';

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => {
    disposeAll();
    process.exit(status);
  });
}
const startMs = performance.now();
const struck: Struck[] = [];
for (const fault of FAULTS) {
  if (values.only !== undefined && !values.only.includes(fault.name)) continue;
  const faultMs = performance.now();
  const result = await strike(fault, { seed: seed ?? 0, extent, from, times, say: (text) => console.error(text) });
  struck.push(result);
  const seconds = ((performance.now() - faultMs) / 1000).toFixed(1);
  console.error(
    `${fault.name}: ${result.notInjected !== undefined && result.injected === 0 ? 'NOT INJECTED' : `${result.survived} of ${result.injected} survived, ${result.wanted} wanted`} (${seconds} s)`,
  );
}
const report = formatReport({ struck, extent, seed: seed ?? 0, seconds: (performance.now() - startMs) / 1000 });
console.log(report);
if (extent === 'full' && values.only === undefined && times === undefined) {
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'chaos.md'), formatPage(report));
}
if (struck.some(({ failed }) => failed.length > 0)) process.exitCode = 1;

function number(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  console.error(`not a number: ${text}`);
  process.exit(2);
}
