import { execa } from 'execa';
import { Runner } from 'raceway';
import type { Bench } from '../bench.ts';
import { inMs, inTimes } from '../format.ts';
import { takeTurns } from '../in-turn.ts';
import { metaflowPeer } from '../metaflow-peer.ts';
import { makePlace, program } from '../place.ts';
import { treeOf, whenGone } from '../process-tree.ts';
import type { Row } from '../report.ts';
import { Sample } from '../sample.ts';

/** How long it took, in milliseconds. */
interface Killed {
  /** Until what was called said that it was done. */
  readonly resolvedMs: number;
  /** Until no process was left. */
  readonly goneMs: number;
}

/** How long does it take to end a run of which two tasks wait, compared with execa and a bare tree? */
export async function kill(bench: Bench): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, home } = place;
  const python = metaflowPeer(bench, place);
  await using runner = new Runner(program('waits.ts'), { home, cwd, showOutput: false });
  const turns = bench.pick({ rounds: 11, warmUps: 1 }, { rounds: 1, warmUps: 0 });
  const ours = async ({ cooperates, graceMs }: { cooperates: boolean; graceMs?: number }): Promise<Killed> => {
    await using running = await runner.asyncRun({ cooperates }, { maxWorkers: 2 });
    await twoWait(lineTexts(running.streamLog('stdout')));
    const killed = await measure(running.pid, () => running.kill({ graceMs }));
    // A task that was ended could not say so: else something else than what the row says was measured.
    const letGo = running.stdout.split('\n').filter((line) => line.endsWith('let go')).length;
    if (cooperates && letGo !== 2) throw new Error(`${letGo} of 2 tasks that cooperate let go`);
    if (!cooperates && letGo > 0) throw new Error(`${letGo} tasks let go that do not cooperate`);
    return killed;
  };
  const theirs = async ({ python: file, env }: NonNullable<typeof python>): Promise<Killed> => {
    const { stdout } = await execa(file, [program('kills_run.py'), program('waits.py')], {
      cwd,
      env,
      extendEnv: false,
    });
    const { resolved, gone } = JSON.parse(stdout.split('\n').at(-1) ?? '') as { resolved: number; gone: number };
    return { resolvedMs: resolved * 1000, goneMs: gone * 1000 };
  };
  const took = await takeTurns(
    {
      bare: killBare,
      cooperative: () => ours({ cooperates: true }),
      deaf: () => ours({ cooperates: false }),
      atOnce: () => ours({ cooperates: false, graceMs: 0 }),
      theirs: python && (() => theirs(python)),
    },
    turns,
  );
  const rows = (what: string, of: readonly Killed[], { aimMs }: { aimMs?: number } = {}): Row[] =>
    (['resolvedMs', 'goneMs'] as const).map((measured): Row => {
      const own = sampleOf(of, measured);
      return {
        what: `${what}: until ${measured === 'resolvedMs' ? 'it resolved' : 'no process was left'}`,
        sample: own,
        aims: aimMs === undefined || measured !== 'resolvedMs' ? [] : [{ bound: 'at most', value: aimMs }],
        against:
          of === took.bare
            ? []
            : [{ to: 'execa', sample: own.timesThat(sampleOf(took.bare, measured)), format: inTimes }],
      };
    });
  bench.report.table('A run of which two tasks wait, from the call of kill() on', {
    format: inMs,
    turns,
    rows: [
      ...rows('execa, kill() of a process with two children that end by themselves', took.bare),
      ...rows('raceway, kill() of tasks that wait on `current.signal`', took.cooperative, { aimMs: 100 }),
      ...rows('raceway, kill() of tasks that never read it', took.deaf),
      ...rows('raceway, kill({ graceMs: 0 }) of those', took.atOnce),
      ...(took.theirs === undefined ? [] : rows("Metaflow, kill() of its Runner's process", took.theirs)),
    ],
  });
  bench.report.note(
    'Processes are looked for every millisecond. Those of raceway are the run process, its workers and the guardian.',
  );
}

async function killBare(): Promise<Killed> {
  const subprocess = execa(process.execPath, [program('waits.mjs')], { buffer: false, reject: false });
  // Not `iterable()`: leaving that waits for the end of the child.
  await new Promise<void>((resolve) => {
    let waiting = 0;
    subprocess.stdout.on('data', (chunk: Buffer) => {
      waiting += chunk.toString().split('waiting').length - 1;
      if (waiting === 2) resolve();
    });
  });
  return await measure(subprocess.pid ?? 0, async () => {
    subprocess.kill();
    await subprocess;
  });
}

function sampleOf(of: readonly Killed[], measured: keyof Killed): Sample {
  return new Sample(of.map((killed) => killed[measured]));
}

/** Resolves when two lines have said that something waits. */
async function twoWait(lines: AsyncIterable<unknown>): Promise<void> {
  let waiting = 0;
  for await (const line of lines) if (String(line).endsWith('waiting') && ++waiting === 2) return;
  throw new Error(`the child ended when ${waiting} of 2 waited`);
}

async function* lineTexts(lines: AsyncIterable<{ readonly line: string }>): AsyncGenerator<string> {
  for await (const { line } of lines) yield line;
}

async function measure(root: number, end: () => Promise<unknown>): Promise<Killed> {
  const pids = treeOf(root);
  const startMs = performance.now();
  const resolved = end().then(() => performance.now());
  const [resolvedMs, goneMs] = await Promise.all([resolved, whenGone(pids)]);
  return { resolvedMs: resolvedMs - startMs, goneMs: goneMs - startMs };
}
