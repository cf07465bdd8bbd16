import { Runner } from 'raceway';
import type { Bench } from '../bench.ts';
import { inMs } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { makePlace, program, wallMs } from '../place.ts';
import type { Comparison } from '../report.ts';

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
}
