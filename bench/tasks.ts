import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePlace, metaflowPython, type Place, program, wallMs } from './place.ts';
import { inTurn, Sample } from './sample.ts';
import { type Format, inMs, inSeconds, inTimes, printTable } from './table.ts';

/** What does a task cost: of a thousand, of ten thousand, in a process of its own, cloned, and with a large artifact? */
export async function tasks(): Promise<void> {
  await using place = await makePlace();
  await perTask(place);
  await ownProcesses(place);
  await resuming(place);
  await largeArtifact(place);
  await onMetaflow(place);
}

const WORKERS = 2;

async function perTask(place: Place): Promise<void> {
  const { folder: cwd, env } = place;
  const bare = (count: number) =>
    wallMs([process.execPath, program('bare-tasks.mjs'), String(count), fresh(place)], { env, cwd });
  const samples = await inTurn(
    {
      bareNone: () => bare(0),
      bareThousand: () => bare(1000),
      none: () => foreach(place, 1),
      thousand: () => foreach(place, 1001),
      tenThousand: () => foreach(place, 10_001),
    },
    { rounds: 7 },
  );
  const bareEach = each(samples.bareThousand, samples.bareNone, 1000);
  const thousand = each(samples.thousand, samples.none, 1000);
  const tenThousand = each(samples.tenThousand, samples.none, 10_000);
  printTable('One trivial task of a foreach, two workers; the peer is two bare processes, each answer committed', {
    format: inTaskMs,
    rows: [
      { what: 'bare processes, of 1,000', sample: bareEach },
      {
        what: 'raceway, of 1,000',
        sample: thousand,
        against: { sample: thousand, format: inTaskMs },
        aim: { bound: 'at most', value: 0.5 },
      },
      {
        what: 'raceway, of 1,000, set against the peer',
        sample: thousand,
        against: { sample: times(thousand, bareEach), format: inTimes },
      },
      {
        what: 'raceway, of 10,000, set against one of 1,000',
        sample: tenThousand,
        against: { sample: times(tenThousand, thousand), format: inTimes },
        aim: { bound: 'at most', value: 1.2 },
      },
    ],
  });
}

async function ownProcesses(place: Place): Promise<void> {
  const COUNT = 40;
  const { folder: cwd, env } = place;
  const samples = await inTurn(
    {
      bare: () => bareStarts(COUNT, { env, cwd }),
      none: () => foreach(place, 1, ['--isolation=task']),
      own: () => foreach(place, COUNT + 1, ['--isolation=task']),
    },
    { rounds: 7 },
  );
  const bare = new Sample(samples.bare.values.map((wall) => wall / COUNT));
  const own = samples.own.against(samples.none, (wall, none) => (wall - none) / COUNT);
  printTable(`A task in a process of its own, ${WORKERS} at once; the peer is \`node -e 0\`, ${WORKERS} at once`, {
    format: inMs,
    rows: [
      { what: 'node -e 0', sample: bare },
      {
        what: 'raceway, --isolation=task',
        sample: own,
        against: { sample: own.against(bare, (ours, theirs) => ours / theirs), format: inTimes },
        aim: { bound: 'at most', value: 2.5 },
      },
    ],
  });
}

async function resuming(place: Place): Promise<void> {
  const COUNT = 10_000;
  const origin = await failedRun(place, COUNT);
  const samples = await inTurn(
    {
      again: async () => (await foreach(place, COUNT + 1)) / 1000,
      resume: async () =>
        (await flow(place, ['resume', `--origin-run-id=${origin}`, '--max-num-splits=100000'])) / 1000,
    },
    { rounds: 5 },
  );
  printTable('Resuming a run of 10,000 tasks of which one failed; the peer is running it again', {
    format: inSeconds,
    rows: [
      { what: 'running it again', sample: samples.again },
      {
        what: 'resuming it',
        sample: samples.resume,
        against: { sample: samples.resume, format: inSeconds },
        aim: { bound: 'at most', value: 1 },
      },
    ],
  });
}

async function largeArtifact(place: Place): Promise<void> {
  const MEGABYTES = 100;
  const { folder: cwd, env, cachedEnv } = place;
  const home = join(cwd, 'large');
  const pass = async (megabytes: number) => {
    await rm(home, { recursive: true, force: true });
    return wallMs([process.execPath, program('passes-array.ts'), `--home=${home}`, 'run', `--megabytes=${megabytes}`], {
      env: cachedEnv,
      cwd,
    });
  };
  const samples = await inTurn(
    {
      bare: () =>
        wallMs([process.execPath, program('writes-array.mjs'), String(MEGABYTES), join(cwd, 'array')], { env, cwd }),
      bareNothing: () => wallMs([process.execPath, program('writes-array.mjs'), '0', join(cwd, 'array')], { env, cwd }),
      nothing: () => pass(0),
      large: () => pass(MEGABYTES),
    },
    { rounds: 7 },
  );
  const ours = difference(samples.large, samples.nothing);
  const bare = difference(samples.bare, samples.bareNothing);
  printTable(
    `What ${MEGABYTES} MB of numbers that pass through five steps untouched add; the peer makes, hashes and writes them`,
    {
      format: inMs,
      rows: [
        { what: 'node, once', sample: bare },
        {
          what: 'raceway, six tasks',
          sample: ours,
          against: { sample: ours.against(bare, (one, other) => one / other), format: inTimes },
        },
      ],
    },
  );
  console.log(`\nStored by the last run: ${sizeOf(join(home, 'artifacts')).toLocaleString('en')} bytes of artifacts.`);
}

async function onMetaflow(place: Place): Promise<void> {
  const python = metaflowPython();
  if (python === undefined) return;
  const COUNT = 100;
  const { folder: cwd, env } = place;
  const its = { ...env, USER: 'bench', METAFLOW_HOME: cwd, METAFLOW_DATASTORE_SYSROOT_LOCAL: cwd };
  const theirs = () =>
    wallMs(
      [python, program('foreach.py'), 'run', `--count=${COUNT}`, `--max-workers=${WORKERS}`, '--max-num-splits=1000'],
      { env: its, cwd },
    );
  const samples = await inTurn(
    { theirs: async () => (await theirs()) / 1000, ours: async () => (await foreach(place, COUNT)) / 1000 },
    { rounds: 3 },
  );
  printTable(`A foreach of ${COUNT} trivial tasks, ${WORKERS} workers, from start to exit`, {
    format: inSeconds,
    rows: [
      { what: 'Metaflow', sample: samples.theirs },
      {
        what: 'raceway',
        sample: samples.ours,
        against: { sample: samples.theirs.against(samples.ours, (one, other) => one / other), format: inTimes },
      },
    ],
  });
}

/** What one of `count` tasks costs, set apart from what a run costs that has none. */
function each(many: Sample, none: Sample, count: number): Sample {
  return many.against(none, (wallOfMany, wallOfNone) => (wallOfMany - wallOfNone) / count);
}

function difference(one: Sample, other: Sample): Sample {
  return each(one, other, 1);
}

function times(sample: Sample, peer: Sample): Sample {
  return sample.against(peer, (ours, theirs) => ours / theirs);
}

const inTaskMs: Format = (value) => `${value.toFixed(3)} ms`;

let places = 0;

function fresh({ folder }: Place): string {
  places += 1;
  return join(folder, `database-${places}`);
}

/** Runs the flow of `count` tasks. */
function foreach(place: Place, count: number, options: readonly string[] = []): Promise<number> {
  return flow(place, ['run', `--count=${count}`, '--max-num-splits=100000', ...options]);
}

function flow({ folder: cwd, home, cachedEnv: env }: Place, args: readonly string[]): Promise<number> {
  return wallMs([process.execPath, program('foreach.ts'), `--home=${home}`, ...args, `--max-workers=${WORKERS}`], {
    env,
    cwd,
  });
}

/** The id of a run of which one task failed and all others were done before. */
async function failedRun(place: Place, count: number): Promise<string> {
  const { folder: cwd, home, cachedEnv } = place;
  const idFile = join(cwd, 'run-id');
  const env = { ...cachedEnv, BENCH_FAIL: String(count - 1) };
  const args = [program('foreach.ts'), `--home=${home}`, 'run', `--count=${count}`, '--max-num-splits=100000'];
  const child = spawn(process.execPath, [...args, `--run-id-file=${idFile}`, '--max-workers=1'], {
    cwd,
    env,
    stdio: 'ignore',
  });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  if (exitCode !== 1) throw new Error(`the run that is to fail ended with ${exitCode}`);
  return readFileSync(idFile, 'utf8');
}

/** How long it takes to start and end Node so many times, some at once. */
async function bareStarts(count: number, at: { env: NodeJS.ProcessEnv; cwd: string }): Promise<number> {
  const startMs = performance.now();
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await wallMs([process.execPath, '-e', '0'], at);
  };
  await Promise.all(Array.from({ length: WORKERS }, one));
  return performance.now() - startMs;
}

function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
