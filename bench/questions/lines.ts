import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { Runner } from 'raceway';
import { $ as zx } from 'zx';
import type { Bench } from '../bench.ts';
import { inLines, inTimes } from '../format.ts';
import { inTurn } from '../in-turn.ts';
import { makePlace, program } from '../place.ts';
import type { Aim, Row } from '../report.ts';

const MILLION: Aim = { bound: 'at least', value: 1_000_000 };
const THREE_TIMES: Aim = { bound: 'at least', value: 3 };

/** How many lines a second can be read, compared with the lines of execa and of zx? */
export async function lines({ report, pick }: Bench): Promise<void> {
  await using place = await makePlace();
  const { folder: cwd, env } = place;
  const count = pick(2_000_000, 50_000);
  const printer = program('prints-lines.mjs');
  const command = [printer, 'run', `--count=${count}`];
  await using runner = new Runner(printer, { cwd, showOutput: false });
  await using earlier = new Runner(printer, { cwd, showOutput: false });
  const finished = await earlier.run({ count });
  const copy = join(cwd, 'lines.log');
  await using file = await open(copy, 'w');
  await execa(process.execPath, command, { stdout: file.fd as 3 }); // its types know the first ten descriptors

  const perSecond = (start: () => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>) =>
    linesPerSecond(start, count);
  const turns = pick({ rounds: 9, warmUps: 1 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      execa: () => perSecond(() => execa(process.execPath, command, { buffer: false }).iterable()),
      zx: () => perSecond(() => notThenable(zx({ quiet: true, cwd, env })`${process.execPath} ${command}`)),
      live: async () => {
        const live = await perSecond(async () => (await runner.asyncRun({ count })).streamLog('stdout'));
        await runner.cleanup();
        return live;
      },
      readline: () => perSecond(() => createInterface({ input: createReadStream(copy), crlfDelay: Infinity })),
      finished: () => perSecond(() => finished.streamLog('stdout')),
    },
    turns,
  );
  const compared = (what: string, way: 'live' | 'finished'): Row => ({
    what,
    sample: samples[way],
    aims: [MILLION],
    against: [
      { to: "execa's lines", sample: samples[way].timesThat(samples.execa), format: inTimes, aims: [THREE_TIMES] },
      { to: "zx's lines", sample: samples[way].timesThat(samples.zx), format: inTimes },
      { to: 'node:readline', sample: samples[way].timesThat(samples.readline), format: inTimes },
    ],
  });
  report.table(`${count.toLocaleString('en')} lines of 80 bytes through \`for await\``, {
    format: inLines,
    turns,
    rows: [
      { what: 'execa, iterable() of a child, its start included', sample: samples.execa },
      { what: 'zx, `for await` over a child, its start included', sample: samples.zx },
      { what: 'node:readline, of a file', sample: samples.readline },
      compared('raceway, streamLog of the same child as it prints, its start included', 'live'),
      compared('raceway, streamLog of a run that has ended', 'finished'),
    ],
  });
}

async function linesPerSecond(
  start: () => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>,
  expected: number,
): Promise<number> {
  const startMs = performance.now();
  let count = 0;
  for await (const _ of await start()) count++;
  const tookMs = performance.now() - startMs;
  if (count !== expected) throw new Error(`could not measure: there came ${count} lines and not ${expected}`);
  return count / (tookMs / 1000);
}

/** What is awaited of zx is its whole output, and not the lines as they come. */
function notThenable<T>(iterable: AsyncIterable<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => iterable[Symbol.asyncIterator]() };
}
