import { Runner } from 'raceway';
import type { Bench } from '../bench.ts';
import { inMs, inTimes } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { metaflowPeer } from '../metaflow-peer.ts';
import { makePlace, program, wallMs } from '../place.ts';
import type { Aim, Row } from '../report.ts';

const FOUR_TIMES: Aim = { bound: 'at most', value: 4 };
const FIVE_TIMES: Aim = { bound: 'at most', value: 5 };

/** How long does the smallest flow take, measured by what Node itself takes to start? */
export async function start(bench: Bench): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, home, env, cachedEnv } = place;
  const python = metaflowPeer(bench, place);
  const run = (name: string) => [process.execPath, program(name), `--home=${home}`, 'run'];
  await using runner = new Runner(program('two-steps.ts'), { home, cwd, showOutput: false });
  const turns = bench.pick({ rounds: 21, warmUps: 2 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      node: () => wallMs([process.execPath, '-e', '0'], { env, cwd }),
      byRunner: async () => {
        const startMs = performance.now();
        const running = await runner.run();
        const tookMs = performance.now() - startMs;
        if (running.status !== 'successful') throw new Error(`the flow did not succeed: ${running.stderr}`);
        return tookMs;
      },
      typeScriptCached: () => wallMs(run('two-steps.ts'), { env: cachedEnv, cwd }),
      typeScript: () => wallMs(run('two-steps.ts'), { env, cwd }),
      javaScriptCached: () => wallMs(run('two-steps.js'), { env: cachedEnv, cwd }),
      javaScript: () => wallMs(run('two-steps.js'), { env, cwd }),
      metaflow: python && (() => wallMs([python.python, program('printing.py'), 'run'], { env: python.env, cwd })),
    },
    turns,
  );
  const flow = (what: string, way: keyof typeof samples, aims: readonly Aim[] = [FOUR_TIMES]): Row[] => {
    const sample = samples[way];
    if (sample === undefined) return [];
    return [
      { what, sample, against: [{ to: 'node -e 0', sample: sample.timesThat(samples.node), format: inTimes, aims }] },
    ];
  };
  bench.report.table('A flow of two steps', {
    format: inMs,
    turns,
    rows: [
      { what: 'node -e 0', sample: samples.node },
      ...flow('raceway, await runner.run() in a script that goes on', 'byRunner'),
      ...flow('raceway, node two-steps.ts run, with the compile cache of a Runner', 'typeScriptCached'),
      ...flow('raceway, node two-steps.ts run, as a shell starts it', 'typeScript', [FOUR_TIMES, FIVE_TIMES]),
      ...flow('raceway, node two-steps.js run, with the compile cache', 'javaScriptCached'),
      ...flow('raceway, node two-steps.js run, as a shell starts it', 'javaScript'),
      ...flow('Metaflow, python printing.py run', 'metaflow', []),
    ],
  });
}
