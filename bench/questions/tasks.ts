import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { runForeach, WORKERS } from '../foreach-flow.ts';
import { inMs, inTimes } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { makePlace, program, wallMs } from '../place.ts';

/** What does a task cost, compared with piscina and with the least that could be done? */
export async function tasks({ report, pick }: Bench): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, env } = place;
  const count = pick(1000, 50);
  const node = (name: string, ...args: readonly string[]) =>
    wallMs([process.execPath, program(name), ...args], { env, cwd });
  let databases = 0;
  const bare = (of: number) => node('bare-tasks.mjs', String(of), join(cwd, `database-${databases++}`));
  const turns = pick({ rounds: 9, warmUps: 1 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      bareNone: () => bare(0),
      bareMany: () => bare(count),
      piscinaNone: () => node('piscina-tasks.mjs', '0'),
      piscinaMany: () => node('piscina-tasks.mjs', String(count)),
      none: () => runForeach(place, 1),
      many: () => runForeach(place, count + 1),
    },
    turns,
  );
  const bareEach = samples.bareMany.each(samples.bareNone, count);
  const piscinaEach = samples.piscinaMany.each(samples.piscinaNone, count);
  const ours = samples.many.each(samples.none, count);
  report.table(`One task of a foreach of ${count.toLocaleString('en')} that squares a number, ${WORKERS} workers`, {
    format: inMs,
    turns,
    rows: [
      { what: 'piscina, run() of the same function on two threads, nothing kept', sample: piscinaEach },
      { what: 'two bare processes, each answer committed to SQLite', sample: bareEach },
      {
        what: 'raceway, each task committed, with its logs',
        sample: ours,
        aims: [{ bound: 'at most', value: 0.5 }],
        against: [
          { to: 'piscina', sample: ours.timesThat(piscinaEach), format: inTimes },
          { to: 'bare processes', sample: ours.timesThat(bareEach), format: inTimes },
        ],
      },
    ],
  });
}
