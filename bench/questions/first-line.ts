import { execa } from 'execa';
import { Runner } from 'raceway';
import { $ as zx } from 'zx';
import type { Bench } from '../bench.ts';
import { inMs } from '../format.ts';
import { takeTurns } from '../in-turn.ts';
import { makePlace, program } from '../place.ts';
import type { Aim, Row } from '../report.ts';
import { Sample } from '../sample.ts';

const AIM: Aim = { bound: 'at most', value: 20 };

/** How long each line of a child took from its writing to the hands of its reader, in milliseconds. */
type Latencies = readonly number[];

/** How soon after it was written is a line there, compared with the lines of execa and zx? */
export async function firstLine({ report, pick }: Bench): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, home, env } = place;
  const count = pick(200, 10);
  const printer = program('prints-clock.mjs');
  const command = [printer, 'run', `--count=${count}`];
  await using child = new Runner(printer, { cwd, showOutput: false });
  await using flow = new Runner(program('prints-clock.ts'), { cwd, home, showOutput: false });
  const streamed = async (runner: Runner): Promise<Latencies> => {
    await using running = await runner.asyncRun({ count });
    return await latencies(textOf(running.streamLog('stdout')), count);
  };
  const turns = pick({ rounds: 11, warmUps: 1 }, { rounds: 1, warmUps: 0 });
  const took = await takeTurns(
    {
      execa: () => latencies(execa(process.execPath, command, { buffer: false }).iterable(), count),
      zx: () => latencies(zx({ quiet: true, cwd, env })`${process.execPath} ${command}`, count),
      child: () => streamed(child),
      flow: () => streamed(flow),
    },
    turns,
  );
  const rows = (what: string, way: keyof typeof took, aims: readonly Aim[] = []): Row[] => [
    { what: `${what}: the first`, sample: new Sample(took[way].map(([first = Number.NaN]) => first)), aims },
    { what: `${what}: any, median of a child`, sample: new Sample(took[way].map((of) => new Sample(of).median)) },
    {
      what: `${what}: any, 99 of 100 of a child`,
      sample: new Sample(took[way].map((of) => new Sample(of).quantile(0.99))),
      aims,
    },
  ];
  report.table(`A line of a child that prints ${count}, one every few milliseconds, from written to read`, {
    format: inMs,
    turns,
    rows: [
      ...rows('execa, iterable()', 'execa'),
      ...rows('zx, `for await`', 'zx'),
      ...rows('raceway, streamLog of the same child', 'child', [AIM]),
      ...rows('raceway, streamLog of a flow whose step prints', 'flow', [AIM]),
    ],
  });
}

/** How long the lines with a time in them took to get here. */
async function latencies(lines: AsyncIterable<unknown>, expected: number): Promise<Latencies> {
  const took: number[] = [];
  for await (const line of lines) {
    const now = process.hrtime.bigint();
    const written = /clock (\d+)$/.exec(String(line))?.[1];
    if (written !== undefined) took.push(Number(now - BigInt(written)) / 1e6);
  }
  if (took.length !== expected) throw new Error(`there came ${took.length} lines with a time and not ${expected}`);
  return took;
}

async function* textOf(lines: AsyncIterable<{ readonly line: string }>): AsyncGenerator<string> {
  for await (const { line } of lines) yield line;
}
