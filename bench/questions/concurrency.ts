import { freemem } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Bench } from '../bench.ts';
import { inMegabytes, inMs, inNumber, inSeconds, inTimes } from '../format.ts';
import { takeTurns, type Turns } from '../in-turn.ts';
import { makePlace, type Place, program } from '../place.ts';
import type { Row } from '../report.ts';
import { Sample } from '../sample.ts';

/** What `programs/runs-many.ts` says. */
export interface ManyRuns {
  readonly totalMs: number;
  /** From the first call of asyncRun() until each handle was there. */
  readonly handleMs: readonly number[];
  readonly failures: number;
  /** When all runs were in flight: what this script had grown by, and what the processes of all runs had. */
  readonly memory?:
    | { readonly parentBytes: number; readonly childrenBytes: number; readonly childrenResidentBytes: number }
    | undefined;
}

/** What `programs/starts-many.mjs` says. */
type ManyProcesses = Pick<ManyRuns, 'totalMs' | 'failures'>;

const MEGABYTE = 1_000_000;

/** What becomes of many runs that are started at once, compared with as many bare processes that do the same? */
export async function concurrency(bench: Bench): Promise<void> {
  await using place = await makePlace();
  const { pick } = bench;
  const once = { rounds: 1, warmUps: 0 };
  await compare(bench, place, {
    counts: pick([1, 10, 50], [1, 3]),
    workMs: 0,
    turns: pick({ rounds: 3, warmUps: 1 }, once),
  });
  // Of so many a round takes minutes, and is a sum over hundreds already; what they start is warm by now.
  const many = pick({ rounds: 3, warmUps: 0 }, once);
  await compare(bench, place, { counts: pick([500], []), workMs: 0, turns: many });
  await compare(bench, place, { counts: pick([500], [3]), workMs: pick(100, 20), turns: many });
  await measureMemory(bench, place, pick([1, 50, 500], [2]));
}

async function compare(
  { report }: Bench,
  place: Place,
  { counts, workMs, turns }: { counts: readonly number[]; workMs: number; turns: Turns },
): Promise<void> {
  const rows: Row[] = [];
  const latencies: Row[] = [];
  for (const count of counts) {
    const took = await takeTurns(
      { bare: () => startMany(place, { count, workMs }), ours: () => runMany(place, { count, workMs }) },
      turns,
    );
    const runs = took.ours;
    const seconds = (of: readonly ManyProcesses[]) => new Sample(of.map(({ totalMs }) => totalMs / 1000));
    const [bare, ours] = [seconds(took.bare), seconds(runs)] as const;
    rows.push(
      { what: processes(count), sample: bare },
      {
        what: runsOf(count),
        sample: ours,
        against: [
          {
            to: processes(count),
            sample: ours.timesThat(bare),
            format: inTimes,
            aims: count === 500 ? [{ bound: 'at most', value: 1.5 }] : [],
          },
        ],
      },
      {
        what: `${runsOf(count)}: that failed`,
        sample: new Sample(runs.map(({ failures }) => failures)),
        format: inNumber,
        aims: [{ bound: 'at most', value: 0, counts: 'worst' }],
      },
    );
    latencies.push(
      { what: `of ${count}: median`, sample: new Sample(runs.map(({ handleMs }) => new Sample(handleMs).median)) },
      {
        what: `of ${count}: the last`,
        sample: new Sample(runs.map(({ handleMs }) => new Sample(handleMs).quantile(1))),
      },
    );
  }
  if (rows.length === 0) return;
  const work = workMs === 0 ? 'does nothing' : `computes for ${workMs} ms`;
  report.table(`Started at once, until all have ended; the step ${work}`, { format: inSeconds, turns, rows });
  report.table(`From the call of asyncRun() to the handle, when that many are started at once; the step ${work}`, {
    format: inMs,
    turns,
    rows: latencies,
  });
}

async function measureMemory({ report }: Bench, place: Place, counts: readonly number[]): Promise<void> {
  const rows: Row[] = [];
  const turns = { rounds: 1, warmUps: 0 };
  let eachBytes = 150 * MEGABYTE;
  for (const wanted of counts) {
    // What one needs is known from those before; a machine that swaps would measure nothing.
    const freeBytes = freemem();
    const count = Math.max(1, Math.min(wanted, Math.floor(freeBytes / (eachBytes * 1.25))));
    if (count < wanted) {
      const free = inMegabytes(freeBytes / MEGABYTE);
      report.note(
        `Memory of ${runsOf(wanted)}: measured of ${count}, since no more fit into the ${free} that are free.`,
      );
    }
    const gate = join(place.folder, `gate-${count}`);
    const { memory, failures } = await runMany(place, { count, workMs: 0, gate });
    if (memory === undefined || failures > 0)
      throw new Error(`${failures} of ${runsOf(count)} that were to wait failed`);
    eachBytes = memory.childrenBytes / count;
    const each = (bytes: number) => new Sample([bytes / count / MEGABYTE]);
    rows.push(
      { what: `${count} in flight: of the script, its growth`, sample: each(memory.parentBytes) },
      { what: `${count} in flight: of the processes of the run, PSS`, sample: each(memory.childrenBytes) },
      { what: `${count} in flight: of the processes of the run, RSS`, sample: each(memory.childrenResidentBytes) },
    );
  }
  report.table('Memory for each run, when its step waits', { format: inMegabytes, turns, rows });
  report.note(
    'A run has a run process, a worker and a guardian (a `sh`). PSS counts a page that several processes share in part.',
  );
}

function runMany(
  { folder: cwd, home, env }: Place,
  { count, workMs, gate }: { count: number; workMs: number; gate?: string },
): Promise<ManyRuns> {
  const args = [
    program('runs-many.ts'),
    program('one-step.ts'),
    home,
    String(count),
    ...(gate === undefined ? [] : [gate]),
  ];
  return said<ManyRuns>(args, { cwd, env: { ...env, BENCH_WORK_MS: String(workMs) } });
}

async function startMany(
  { folder: cwd, env }: Place,
  { count, workMs }: { count: number; workMs: number },
): Promise<ManyProcesses> {
  const ended = await said<ManyProcesses>([program('starts-many.mjs'), String(count), program('work.mjs')], {
    cwd,
    env: { ...env, BENCH_WORK_MS: String(workMs) },
  });
  if (ended.failures > 0) throw new Error(`${ended.failures} of ${processes(count)} failed`);
  return ended;
}

async function said<T>(args: readonly string[], { cwd, env }: { cwd: string; env: NodeJS.ProcessEnv }): Promise<T> {
  const { stdout } = await execa(process.execPath, args, { cwd, env, extendEnv: false });
  return JSON.parse(stdout) as T;
}

function processes(count: number): string {
  return count === 1 ? 'a bare process' : `${count} bare processes`;
}

function runsOf(count: number): string {
  return count === 1 ? 'a run' : `${count} runs`;
}
