import type { Bench } from '../bench.ts';
import { runForeach, WORKERS } from '../foreach-flow.ts';
import { inMs, inTimes } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { makePlace, type Start, wallMs } from '../place.ts';

/** What does a task cost that has a process of its own, compared with a bare start of Node? */
export async function isolation({ report, pick }: Bench): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, env } = place;
  const count = pick(40, 4);
  const turns = pick({ rounds: 9, warmUps: 1 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      bare: () => bareStarts(count, { env, cwd }),
      none: () => runForeach(place, 1, ['--isolation=task']),
      own: () => runForeach(place, count + 1, ['--isolation=task']),
    },
    turns,
  );
  const bare = samples.bare.map((wall) => wall / count);
  const own = samples.own.each(samples.none, count);
  report.table(`One of ${count} tasks in a process of its own, ${WORKERS} at once`, {
    format: inMs,
    turns,
    rows: [
      { what: `node -e 0, ${WORKERS} at once`, sample: bare },
      {
        what: 'raceway, --isolation=task',
        sample: own,
        against: [
          { to: 'node -e 0', sample: own.timesThat(bare), format: inTimes, aims: [{ bound: 'at most', value: 2.5 }] },
        ],
      },
    ],
  });
}

/** How long it takes to start and end Node so many times, some at once. */
async function bareStarts(count: number, start: Start): Promise<number> {
  const startMs = performance.now();
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) await wallMs([process.execPath, '-e', '0'], start);
  };
  await Promise.all(Array.from({ length: WORKERS }, one));
  return performance.now() - startMs;
}
