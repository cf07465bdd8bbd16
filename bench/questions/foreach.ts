import type { Bench } from '../bench.ts';
import { runForeach, WORKERS } from '../foreach-flow.ts';
import { inMs, inTimes } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { makePlace } from '../place.ts';

/** Does a task of a large foreach cost more than one of a small one? */
export async function foreach({ report, pick }: Bench): Promise<void> {
  await using place = await makePlace();
  const [ten, hundred, thousand, tenThousand] = pick([10, 100, 1000, 10_000] as const, [2, 5, 20, 100] as const);
  const turns = pick({ rounds: 9, warmUps: 1 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      none: () => runForeach(place, 1),
      ten: () => runForeach(place, ten + 1),
      hundred: () => runForeach(place, hundred + 1),
      thousand: () => runForeach(place, thousand + 1),
      tenThousand: () => runForeach(place, tenThousand + 1),
    },
    turns,
  );
  const each = {
    ten: samples.ten.each(samples.none, ten),
    hundred: samples.hundred.each(samples.none, hundred),
    thousand: samples.thousand.each(samples.none, thousand),
    tenThousand: samples.tenThousand.each(samples.none, tenThousand),
  };
  report.table(`One trivial task of a foreach, ${WORKERS} workers, what the run costs that has one set apart`, {
    format: inMs,
    turns,
    rows: [
      { what: ofMany(ten), sample: each.ten },
      { what: ofMany(hundred), sample: each.hundred },
      { what: ofMany(thousand), sample: each.thousand },
      { what: ofMany(tenThousand), sample: each.tenThousand },
    ],
  });
  const marginal = {
    early: samples.thousand.each(samples.hundred, thousand - hundred),
    late: samples.tenThousand.each(samples.thousand, tenThousand - thousand),
  };
  report.table('One more task of the same foreach, when there are so many already', {
    format: inMs,
    turns,
    rows: [
      { what: between(hundred, thousand), sample: marginal.early },
      {
        what: between(thousand, tenThousand),
        sample: marginal.late,
        against: [
          {
            to: `one ${between(hundred, thousand)}`,
            sample: marginal.late.timesThat(marginal.early),
            format: inTimes,
            aims: [{ bound: 'at most', value: 1.2 }],
          },
        ],
      },
    ],
  });
  report.note('The second worker is started when there is work for it; in a small foreach that is most of the cost.');
}

function between(few: number, many: number): string {
  return `between ${few.toLocaleString('en')} and ${many.toLocaleString('en')}`;
}

function ofMany(count: number): string {
  return `of ${count.toLocaleString('en')}`;
}
