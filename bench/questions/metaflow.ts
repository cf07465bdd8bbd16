import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { Runner } from 'raceway';
import type { Bench } from '../bench.ts';
import { runForeach, WORKERS } from '../foreach-flow.ts';
import { inLines, inSeconds, inTimes } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { type MetaflowPeer, metaflowPeer } from '../metaflow-peer.ts';
import { makePlace, type Place, program, type Start, wallMs } from '../place.ts';
import type { Row } from '../report.ts';
import type { Sample } from '../sample.ts';

/** Ends each line that the step prints, in either flow. */
const PRINTED = 'of those that this step prints';

/** How does what the other questions leave out compare with Metaflow? */
export async function metaflow(bench: Bench): Promise<void> {
  await using place = await makePlace();
  const peer = metaflowPeer(bench, place);
  if (peer === undefined) return;
  await compareLines(bench, place, peer);
  await compareForeach(bench, place, peer);
  await compareStreams(bench, place, peer);
}

async function compareLines(
  { report, pick }: Bench,
  { folder: cwd, home, env }: Place,
  peer: MetaflowPeer,
): Promise<void> {
  const count = pick(50_000, 100);
  const turns = pick({ rounds: 7, warmUps: 1 }, { rounds: 1, warmUps: 0 });
  const ours = [process.execPath, program('printing.ts'), `--home=${home}`, 'run', `--lines=${count}`];
  const theirs = [peer.python, program('printing.py'), 'run', `--lines=${count}`];
  const printed = join(cwd, 'printed');
  const inSecondsTo = async (command: readonly string[], start: Start) => {
    await using file = await open(printed, 'w');
    const tookMs = await wallMs(command, { ...start, stdout: file.fd });
    const lines = (await readFile(printed, 'utf8')).split('\n').filter((line) => line.endsWith(PRINTED)).length;
    checkCount(lines, count);
    return tookMs / 1000;
  };
  const samples = await inTurn(
    {
      theirs: () => inSecondsTo(theirs, { env: peer.env, cwd }),
      ours: () => inSecondsTo(ours, { env, cwd }),
    },
    turns,
  );
  report.table(`A flow of two steps that print ${count.toLocaleString('en')} lines, into a file, from start to exit`, {
    format: inSeconds,
    turns,
    rows: [{ what: 'Metaflow', sample: samples.theirs }, besideTheirs(samples)],
  });
}

async function compareForeach({ report, pick }: Bench, place: Place, peer: MetaflowPeer): Promise<void> {
  const count = pick(100, 2);
  const turns = pick({ rounds: 3, warmUps: 1 }, { rounds: 1, warmUps: 0 });
  const options = [`--count=${count}`, `--max-workers=${WORKERS}`, '--max-num-splits=1000'];
  const theirs = [peer.python, program('foreach.py'), 'run', ...options];
  const samples = await inTurn(
    {
      theirs: async () => (await wallMs(theirs, { env: peer.env, cwd: place.folder })) / 1000,
      ours: async () => (await runForeach(place, count)) / 1000,
    },
    turns,
  );
  report.table(`A foreach of ${count} trivial tasks, ${WORKERS} workers, from start to exit`, {
    format: inSeconds,
    turns,
    rows: [{ what: 'Metaflow', sample: samples.theirs }, besideTheirs(samples)],
  });
}

async function compareStreams(
  { report, pick }: Bench,
  { folder: cwd, home, env }: Place,
  peer: MetaflowPeer,
): Promise<void> {
  const count = pick(300, 10);
  await using ourFlow = new Runner(program('printing.ts'), { home, cwd, showOutput: false });
  await using theirFlow = new Runner(program('printing.py'), {
    cwd,
    env: peer.env,
    interpreter: [peer.python],
    showOutput: false,
  });
  const turns = pick({ rounds: 5, warmUps: 1 }, { rounds: 1, warmUps: 0 });
  const samples = await inTurn(
    {
      theirs: async () => {
        const command = [program('streams_lines.py'), program('printing.py'), String(count)];
        const { stdout } = await execa(peer.python, command, { cwd, env: { ...env, ...peer.env }, extendEnv: false });
        const { seconds, lines } = JSON.parse(stdout) as { seconds: number; lines: number };
        checkCount(lines, count);
        return lines / seconds;
      },
      theirFlow: () => streamedPerSecond(theirFlow, count),
      ourFlow: () => streamedPerSecond(ourFlow, count),
    },
    turns,
  );
  const row = (what: string, sample: Sample): Row => ({
    what,
    sample,
    against: [{ to: 'Metaflow', sample: sample.timesThat(samples.theirs), format: inTimes }],
  });
  report.table(`A flow that prints ${count} lines, streamed from the moment its handle is there until it has ended`, {
    format: inLines,
    turns,
    rows: [
      { what: "Metaflow's flow, stream_log of Metaflow's Runner", sample: samples.theirs },
      row("Metaflow's flow, streamLog of raceway's Runner", samples.theirFlow),
      row("raceway's flow, streamLog of raceway's Runner", samples.ourFlow),
    ],
  });
}

async function streamedPerSecond(runner: Runner, lines: number): Promise<number> {
  await using running = await runner.asyncRun({ lines });
  const startMs = performance.now();
  let count = 0;
  for await (const { line } of running.streamLog('stdout')) if (line.endsWith(PRINTED)) count++;
  const tookMs = performance.now() - startMs;
  checkCount(count, lines);
  return count / (tookMs / 1000);
}

function checkCount(came: number, expected: number): void {
  if (came !== expected) throw new Error(`there came ${came} lines and not ${expected}`);
}

function besideTheirs({ ours, theirs }: { ours: Sample; theirs: Sample }): Row {
  return {
    what: 'raceway',
    sample: ours,
    against: [{ to: 'Metaflow', sample: ours.timesThat(theirs), format: inTimes }],
  };
}
