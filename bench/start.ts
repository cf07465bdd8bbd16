import { makePlace, program, wallMs } from './place.ts';
import { inTurn } from './sample.ts';
import { inMs, inTimes, printTable, type Row } from './table.ts';

/** How long does a two-step flow take from the command line, measured by what Node itself takes to start? */
export async function start(): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, home, env, cachedEnv } = place;
  const run = (name: string) => [process.execPath, program(name), `--home=${home}`, 'run'];
  const samples = await inTurn(
    {
      node: () => wallMs([process.execPath, '-e', '0'], { env, cwd }),
      typeScriptCached: () => wallMs(run('two-steps.ts'), { env: cachedEnv, cwd }),
      typeScript: () => wallMs(run('two-steps.ts'), { env, cwd }),
      javaScriptCached: () => wallMs(run('two-steps.js'), { env: cachedEnv, cwd }),
      javaScript: () => wallMs(run('two-steps.js'), { env, cwd }),
    },
    { rounds: 21, warmUps: 2 },
  );
  const flow = (what: string, way: keyof typeof samples): Row => ({
    what,
    sample: samples[way],
    against: { sample: samples[way].against(samples.node, (flowMs, nodeMs) => flowMs / nodeMs), format: inTimes },
    aim: { bound: 'at most', value: 5 },
  });
  printTable('A two-step flow from start to exit; the peer is `node -e 0`', {
    format: inMs,
    rows: [
      { what: 'node -e 0', sample: samples.node },
      flow('node two-steps.ts run, with NODE_COMPILE_CACHE, as a Runner starts it', 'typeScriptCached'),
      flow('node two-steps.ts run, without, as a shell starts it', 'typeScript'),
      flow('node two-steps.js run, with NODE_COMPILE_CACHE', 'javaScriptCached'),
      flow('node two-steps.js run, without', 'javaScript'),
    ],
  });
}
