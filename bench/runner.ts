import { Runner } from 'raceway';
import { makePlace, program, wallMs } from './place.ts';
import { inTurn } from './sample.ts';
import { inMs, printTable } from './table.ts';

/** What does a Runner add to the command that it runs? */
export async function runner(): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, home, env, cachedEnv } = place;
  const flow = program('two-steps.ts');
  const node = process.execPath;
  await using live = new Runner(flow, { home, cwd, showOutput: false });
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
    { rounds: 31, warmUps: 2 },
  );
  const added = (way: 'live' | 'script') => ({
    sample: samples[way].against(samples.bare, (withMs, bareMs) => withMs - bareMs),
    format: inMs,
  });
  printTable(
    'What a Runner adds to a two-step flow; the peer is the same command started bare, NODE_COMPILE_CACHE set',
    {
      format: inMs,
      rows: [
        { what: 'node two-steps.ts run, from start to exit', sample: samples.bare },
        {
          what: 'await runner.run(), in a process that has run one before',
          sample: samples.live,
          against: added('live'),
          aim: { bound: 'at most', value: 15 },
        },
        {
          what: 'a whole script that makes a Runner and runs it once',
          sample: samples.script,
          against: added('script'),
        },
      ],
    },
  );
}
