import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { openHome } from 'raceway';
import type { Bench } from '../bench.ts';
import { inMegabytes, inMs, inTimes } from '../format.ts';
import { inTurn, takeTurns, type Turns } from '../in-turn.ts';
import { type MetaflowPeer, metaflowPeer } from '../metaflow-peer.ts';
import { makePlace, type Place, program, wallMs } from '../place.ts';
import type { LeavesArrays } from '../programs/leaves-arrays.ts';
import { Sample } from '../sample.ts';

/** Artifacts of one size. */
interface Load {
  readonly bytes: number;
  readonly size: string;
  /** How many are written in one run, one after another. */
  readonly count: number;
  readonly turns: Turns;
  readonly isComparedWithMetaflow: boolean;
}

/** What does it cost to keep a value and to read it back, compared with a file? */
export async function artifacts(bench: Bench): Promise<void> {
  await using place = await makePlace();
  const python = metaflowPeer(bench, place);
  const turns = bench.pick({ rounds: 7, warmUps: 1 }, { rounds: 1, warmUps: 1 });
  const loads = bench.pick<readonly Omit<Load, 'turns'>[]>(
    [
      { bytes: 1000, size: '1 kB', count: 300, isComparedWithMetaflow: false },
      { bytes: 1_000_000, size: '1 MB', count: 50, isComparedWithMetaflow: false },
      { bytes: 100_000_000, size: '100 MB', count: 2, isComparedWithMetaflow: true },
    ],
    [
      { bytes: 1000, size: '1 kB', count: 5, isComparedWithMetaflow: false },
      { bytes: 1_000_000, size: '1 MB', count: 1, isComparedWithMetaflow: true },
    ],
  );
  for (const load of loads) {
    const peer = load.isComparedWithMetaflow ? python : undefined;
    await compareWriting(bench, place, { ...load, turns, peer });
    await compareReading(bench, place, { ...load, turns, peer });
  }
  await passOn(bench, place);
}

async function compareWriting(
  { report }: Bench,
  place: Place,
  { bytes, size, count, turns, peer }: Load & { readonly peer: MetaflowPeer | undefined },
): Promise<void> {
  const { folder: cwd, env, cachedEnv } = place;
  // A folder of its own for each, since what is stored already is not written again.
  const inFolder = async (run: (folder: string) => Promise<number>) => {
    const folder = join(cwd, 'written');
    const tookMs = await run(folder);
    await rm(folder, { recursive: true });
    return tookMs;
  };
  const bare = (of: number) => () =>
    inFolder((folder) =>
      wallMs([process.execPath, program('writes-arrays.mjs'), String(of), String(bytes), folder], { env, cwd }),
    );
  const ours = (each: number) => () =>
    inFolder((folder) => wallMs(leaveArrays(folder, { count, bytes: each }), { env: cachedEnv, cwd }));
  const theirs = (each: number) =>
    peer &&
    (() =>
      inFolder((folder) =>
        wallMs(
          [peer.python, program('leaves_arrays.py'), 'run', `--count=${count}`, `--bytes=${each}`, '--max-workers=1'],
          {
            env: { ...peer.env, METAFLOW_DATASTORE_SYSROOT_LOCAL: folder },
            cwd,
          },
        ),
      ));
  const samples = await inTurn(
    {
      bareNone: bare(0),
      bareAll: bare(count),
      oursNone: ours(0),
      oursAll: ours(bytes),
      theirsNone: theirs(0),
      theirsAll: theirs(bytes),
    },
    turns,
  );
  const bareEach = samples.bareAll.each(samples.bareNone, count);
  const oursEach = samples.oursAll.each(samples.oursNone, count);
  const theirsEach = samples.theirsNone && samples.theirsAll?.each(samples.theirsNone, count);
  report.table(`Writing ${size}: one of ${count}, what a run costs set apart that leaves none`, {
    format: inMs,
    turns,
    rows: [
      { what: 'node: made, hashed, written to a file', sample: bareEach },
      ...(theirsEach === undefined ? [] : [{ what: 'Metaflow', sample: theirsEach }]),
      { what: 'raceway', sample: oursEach, against: against(oursEach, { bare: bareEach, theirs: theirsEach }) },
    ],
  });
}

async function compareReading(
  { report }: Bench,
  { folder: cwd, home, env, cachedEnv }: Place,
  { bytes, size, count, turns, peer }: Load & { readonly peer: MetaflowPeer | undefined },
): Promise<void> {
  await wallMs(leaveArrays(home, { count, bytes }), { env: cachedEnv, cwd });
  const folder = join(cwd, 'files');
  await wallMs([process.execPath, program('writes-arrays.mjs'), String(count), String(bytes), folder], { env, cwd });
  if (peer !== undefined) {
    const command = [peer.python, program('leaves_arrays.py'), 'run', `--count=${count}`, `--bytes=${bytes}`];
    await wallMs(command, { env: peer.env, cwd });
  }
  await using opened = await openHome(home);
  const run = await opened.flow<LeavesArrays>('LeavesArrays').latestRun();
  if (run === undefined) throw new Error('there is no run');
  const samples = await inTurn(
    {
      bare: () => {
        const startMs = performance.now();
        for (const name of readdirSync(folder)) {
          const content = readFileSync(join(folder, name));
          if (createHash('sha256').update(content).digest('hex') !== name) throw new Error(`${name} is damaged`);
        }
        return (performance.now() - startMs) / count;
      },
      ours: async () => {
        const startMs = performance.now();
        let read = 0;
        for await (const task of run.tasks()) {
          if (task.stepName !== 'leave') continue;
          if ((await task.data.array)?.length !== bytes)
            throw new Error(`${task.pathspec} has no array of ${bytes} bytes`);
          read += 1;
        }
        if (read !== count) throw new Error(`there were ${read} tasks and not ${count}`);
        return (performance.now() - startMs) / count;
      },
      theirs:
        peer &&
        (async () => {
          const { stdout } = await execa(peer.python, [program('reads_arrays.py')], {
            cwd,
            env: peer.env,
            extendEnv: false,
          });
          const said = JSON.parse(stdout) as { readonly seconds: number; readonly bytes: number };
          if (said.bytes !== bytes) throw new Error(`Metaflow read ${said.bytes} bytes and not ${bytes}`);
          return said.seconds * 1000;
        }),
    },
    turns,
  );
  report.table(`Reading ${size}: one of ${count}, in a process that goes on`, {
    format: inMs,
    turns,
    rows: [
      { what: 'node: read from a file, hashed', sample: samples.bare },
      ...(samples.theirs === undefined ? [] : [{ what: "Metaflow's client", sample: samples.theirs }]),
      { what: 'raceway, `await task.data.array`', sample: samples.ours, against: against(samples.ours, samples) },
    ],
  });
  await rm(folder, { recursive: true });
}

/** What does a large artifact cost that later steps do not touch? */
async function passOn({ report, pick }: Bench, { folder: cwd, env, cachedEnv }: Place): Promise<void> {
  const megabytes = pick(100, 1);
  const turns = pick({ rounds: 7, warmUps: 1 }, { rounds: 1, warmUps: 1 });
  const home = join(cwd, 'passed');
  const pass = async (of: number) => {
    const command = [process.execPath, program('passes-array.ts'), `--home=${home}`, 'run', `--megabytes=${of}`];
    const tookMs = await wallMs(command, { env: cachedEnv, cwd });
    const storedMegabytes = of === 0 ? 0 : megabytesBelow(join(home, 'artifacts'));
    await rm(home, { recursive: true });
    return { tookMs, storedMegabytes };
  };
  const bare = (of: number) =>
    wallMs([process.execPath, program('writes-array.mjs'), String(of), join(cwd, 'array')], { env, cwd });
  const took = await takeTurns(
    { bareNone: () => bare(0), bare: () => bare(megabytes), none: () => pass(0), ours: () => pass(megabytes) },
    turns,
  );
  const bareOnce = new Sample(took.bare).each(new Sample(took.bareNone), 1);
  const msOf = (passes: typeof took.ours) => new Sample(passes.map(({ tookMs }) => tookMs));
  const passed = msOf(took.ours).each(msOf(took.none), 1);
  const stored = new Sample(took.ours.map(({ storedMegabytes }) => storedMegabytes));
  report.table(
    `${megabytes} MB of numbers that pass through five steps untouched, what it costs to pass none set apart`,
    {
      format: inMs,
      turns,
      rows: [
        { what: 'node: made, hashed, written once', sample: bareOnce },
        { what: 'raceway, six tasks', sample: passed, against: against(passed, { bare: bareOnce }) },
        {
          what: 'raceway, what is in the artifacts folder of the home then',
          sample: stored,
          format: inMegabytes,
          against: [
            {
              to: 'the array',
              sample: stored.map((storedMegabytes) => storedMegabytes / megabytes),
              format: inTimes,
              aims: [{ bound: 'at most', value: 1.01, counts: 'worst' }],
            },
          ],
        },
      ],
    },
  );
}

/** How much all files of a folder and of those in it hold. */
function megabytesBelow(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (files.length === 0) throw new Error(`there is no file in ${folder}`);
  return files.reduce((bytes, { parentPath, name }) => bytes + statSync(join(parentPath, name)).size, 0) / 1_000_000;
}

function leaveArrays(home: string, { count, bytes }: { count: number; bytes: number }): readonly string[] {
  const options = [`--count=${count}`, `--bytes=${bytes}`, '--max-workers=1', '--max-num-splits=100000'];
  return [process.execPath, program('leaves-arrays.ts'), `--home=${home}`, 'run', ...options];
}

function against(ours: Sample, { bare, theirs }: { bare: Sample; theirs?: Sample | undefined }) {
  return [
    { to: 'node', sample: ours.timesThat(bare), format: inTimes },
    ...(theirs === undefined ? [] : [{ to: 'Metaflow', sample: ours.timesThat(theirs), format: inTimes }]),
  ];
}
