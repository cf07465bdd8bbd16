import { execa } from 'execa';
import { Runner } from 'raceway';
import { $ as zx } from 'zx';
import type { Bench } from '../bench.ts';
import { inMs, inTimes } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { makePlace, type Place, program, wallMs } from '../place.ts';
import type { Comparison, Row } from '../report.ts';

/** What does a Runner add to the command that it runs? */
export async function runner({ report, pick }: Bench): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, home, env, cachedEnv } = place;
  const flow = program('two-steps.ts');
  const node = process.execPath;
  await using live = new Runner(flow, { home, cwd, showOutput: false });
  const turns = pick({ rounds: 31, warmUps: 2 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      bare: () => wallMs([node, flow, `--home=${home}`, 'run'], { env: cachedEnv, cwd }),
      live: async () => {
        const startMs = performance.now();
        const running = await live.run();
        const tookMs = performance.now() - startMs;
        if (running.status !== 'successful') throw new Error(`could not measure ${flow}: ${running.stderr}`);
        return tookMs;
      },
      script: () => wallMs([node, program('runs-once.ts'), flow, home], { env, cwd }),
    },
    turns,
  );
  const added = (way: 'live' | 'script'): Comparison => ({
    to: 'the command, what it adds',
    sample: samples[way].against(samples.bare, (withMs, bareMs) => withMs - bareMs),
    format: inMs,
  });
  report.table('A flow of two steps, by its command and by a Runner', {
    format: inMs,
    turns,
    rows: [
      { what: 'node two-steps.ts run, with NODE_COMPILE_CACHE', sample: samples.bare },
      {
        what: 'await runner.run(), in a process that has run one before',
        sample: samples.live,
        against: [{ ...added('live'), aims: [{ bound: 'at most', value: 15 }] }],
      },
      {
        what: 'a whole script that makes a Runner and runs it once',
        sample: samples.script,
        against: [added('script')],
      },
    ],
  });
  await compareStarts({ report, pick }, place);
}

/** How soon is a child started and over that does next to nothing? */
async function compareStarts({ report, pick }: Bench, { folder: cwd, home, cachedEnv: env }: Place): Promise<void> {
  const script = program('prints-lines.mjs');
  const command = [script, 'run', '--count=0'];
  await using foreign = new Runner(script, { cwd, showOutput: false });
  await using flow = new Runner(program('two-steps.ts'), { home, cwd, showOutput: false });
  const turns = pick({ rounds: 31, warmUps: 2 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      spawn: () => wallMs([process.execPath, ...command], { env, cwd }),
      execa: () => msOf(() => execa(process.execPath, command, { env, cwd, extendEnv: false })),
      zx: () => msOf(() => zx({ quiet: true, env, cwd })`${process.execPath} ${command}`),
      run: () => msOf(() => foreign.run({ count: 0 })),
      handle: async () => {
        const startMs = performance.now();
        const running = await flow.asyncRun();
        const tookMs = performance.now() - startMs;
        await running.wait();
        return tookMs;
      },
    },
    turns,
  );
  const compared = (what: string, way: 'run' | 'handle'): Row => ({
    what,
    sample: samples[way],
    against: (['spawn', 'execa', 'zx'] as const).map((to) => ({
      to,
      sample: samples[way].timesThat(samples[to]),
      format: inTimes,
    })),
  });
  report.table('A script that prints nothing, from the call to its exit', {
    format: inMs,
    turns,
    rows: [
      { what: 'spawn of node:child_process, what it prints thrown away', sample: samples.spawn },
      { what: 'execa', sample: samples.execa },
      { what: 'zx, which starts a shell for it', sample: samples.zx },
      compared('raceway, await runner.run()', 'run'),
      compared('raceway, asyncRun() of a flow of two steps, until its handle is there', 'handle'),
    ],
  });
  report.note(
    'All start Node with the compile cache of a Runner; for a Runner the script also writes the file that tells which run it is. ' +
      'A handle is there when the flow has begun its run.',
  );
}

async function msOf(start: () => PromiseLike<unknown>): Promise<number> {
  const startMs = performance.now();
  await start();
  return performance.now() - startMs;
}
