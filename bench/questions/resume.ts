import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { foreachFlow, runForeach } from '../foreach-flow.ts';
import { inSeconds, inTimes } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { makePlace, type Place, program } from '../place.ts';

/** What does it cost to take over what an earlier run finished, compared with running all of it again? */
export async function resume({ report, pick }: Bench): Promise<void> {
  await using place = await makePlace();
  const count = pick(10_000, 50);
  const origin = await failedRun(place, count);
  const turns = pick({ rounds: 5, warmUps: 1 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      again: async () => (await runForeach(place, count)) / 1000,
      resume: async () => (await foreachFlow(place, ['resume', `--origin-run-id=${origin}`])) / 1000,
    },
    turns,
  );
  report.table(`A run of ${count.toLocaleString('en')} tasks of which one failed`, {
    format: inSeconds,
    turns,
    rows: [
      { what: 'running all of it again', sample: samples.again },
      {
        what: 'resuming it',
        sample: samples.resume,
        aims: [{ bound: 'at most', value: 1 }],
        against: [{ to: 'running it again', sample: samples.resume.timesThat(samples.again), format: inTimes }],
      },
    ],
  });
}

/** The id of a run of which one task failed and all others were done before. */
async function failedRun({ folder: cwd, home, cachedEnv }: Place, count: number): Promise<string> {
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
