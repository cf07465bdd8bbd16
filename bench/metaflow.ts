import { execa } from 'execa';
import { Runner } from 'raceway';
import { makePlace, metaflowPython, type Place, program, wallMs } from './place.ts';
import { inTurn, type Sample } from './sample.ts';
import { inLines, inSeconds, inTimes, printTable } from './table.ts';

const STREAMED = 300;
const PRINTED = 50_000;

/** How does all this compare with Metaflow, whose Runner this one is made after? */
export async function metaflow(): Promise<void> {
  const python = metaflowPython();
  if (python === undefined) return;
  await using place = await makePlace();
  // Nothing of the user's own Metaflow is read or written.
  const its = { USER: 'bench', METAFLOW_HOME: place.folder, METAFLOW_DATASTORE_SYSROOT_LOCAL: place.folder };
  await compareRuns(place, { python, its });
  await compareStreams(place, { python, its });
}

interface Metaflow {
  readonly python: string;
  /** Its environment. */
  readonly its: NodeJS.ProcessEnv;
}

async function compareRuns({ folder: cwd, home, env }: Place, { python, its }: Metaflow): Promise<void> {
  const samples = await inTurn(
    {
      theirRun: async () => (await wallMs(theirCommand(python, 0), { env: { ...env, ...its }, cwd })) / 1000,
      ourRun: async () => (await wallMs(ourCommand(0, home), { env, cwd })) / 1000,
      theirLines: async () => (await wallMs(theirCommand(python, PRINTED), { env: { ...env, ...its }, cwd })) / 1000,
      ourLines: async () => (await wallMs(ourCommand(PRINTED, home), { env, cwd })) / 1000,
    },
    { rounds: 7 },
  );
  const printed = PRINTED.toLocaleString('en');
  printTable('The same flow on Metaflow and on raceway, from start to exit', {
    format: inSeconds,
    rows: [
      { what: 'Metaflow, two steps', sample: samples.theirRun },
      { what: 'raceway, two steps', sample: samples.ourRun, against: speedUp(samples.ourRun, samples.theirRun) },
      { what: `Metaflow, two steps that print ${printed} lines`, sample: samples.theirLines },
      {
        what: `raceway, two steps that print ${printed} lines`,
        sample: samples.ourLines,
        against: speedUp(samples.ourLines, samples.theirLines),
      },
    ],
  });
}

function theirCommand(python: string, lines: number): string[] {
  return [python, program('printing.py'), 'run', `--lines=${lines}`];
}

function ourCommand(lines: number, home: string): string[] {
  return [process.execPath, program('printing.ts'), `--home=${home}`, 'run', `--lines=${lines}`];
}

async function compareStreams({ folder: cwd, home, env }: Place, { python, its }: Metaflow): Promise<void> {
  await using ourFlow = new Runner(program('printing.ts'), { home, cwd, showOutput: false });
  await using theirFlow = new Runner(program('printing.py'), {
    cwd,
    env: its,
    interpreter: [python],
    showOutput: false,
  });
  const samples = await inTurn(
    {
      theirs: async () => {
        const command = [program('streams_lines.py'), program('printing.py'), String(STREAMED)];
        const { stdout } = await execa(python, command, { cwd, env: { ...env, ...its }, extendEnv: false });
        const { seconds, lines } = JSON.parse(stdout) as { seconds: number; lines: number };
        return lines / seconds;
      },
      theirFlow: () => streamedPerSecond(theirFlow),
      ourFlow: () => streamedPerSecond(ourFlow),
    },
    { rounds: 5 },
  );
  const more = (sample: Sample) => ({
    sample: sample.against(samples.theirs, (ours, theirs) => ours / theirs),
    format: inTimes,
  });
  printTable(`A flow that prints ${STREAMED} lines, streamed from the moment its handle is there until it has ended`, {
    format: inLines,
    rows: [
      { what: "Metaflow's flow, stream_log of Metaflow's Runner", sample: samples.theirs },
      {
        what: "Metaflow's flow, streamLog of raceway's Runner",
        sample: samples.theirFlow,
        against: more(samples.theirFlow),
      },
      {
        what: "raceway's flow, streamLog of raceway's Runner",
        sample: samples.ourFlow,
        against: more(samples.ourFlow),
      },
    ],
  });
}

async function streamedPerSecond(runner: Runner): Promise<number> {
  await using running = await runner.asyncRun({ lines: STREAMED });
  const startMs = performance.now();
  let count = 0;
  for await (const _ of running.streamLog('stdout')) count++;
  return count / ((performance.now() - startMs) / 1000);
}

function speedUp(ours: Sample, theirs: Sample): { sample: Sample; format: typeof inTimes } {
  return { sample: theirs.against(ours, (theirSeconds, ourSeconds) => theirSeconds / ourSeconds), format: inTimes };
}
