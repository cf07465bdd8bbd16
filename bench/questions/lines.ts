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
import { makePlace, type Place, program } from '../place.ts';
import type { Aim, Row } from '../report.ts';

const MILLION: Aim = { bound: 'at least', value: 1_000_000 };
const THREE_TIMES: Aim = { bound: 'at least', value: 3 };
/** Ends each line that a step of `programs/prints-lines.ts` prints, whatever the run sets in front. */
const END_OF_LINE = 'the quick brown fox jumps over the ';

/** How many lines a second can be read, compared with the lines of execa and of zx? */
export async function lines(bench: Bench): Promise<void> {
  await using place = await makePlace();
  await compareChunks(bench, place);
  await compareOneByOne(bench, place);
}

/** Of what writes many lines at a time. */
async function compareChunks({ report, pick }: Bench, { folder: cwd, home, env }: Place): Promise<void> {
  const count = pick(2_000_000, 50_000);
  const printer = program('prints-lines.mjs');
  const command = [printer, 'run', `--count=${count}`];
  await using runner = new Runner(printer, { cwd, showOutput: false });
  await using earlier = new Runner(printer, { cwd, showOutput: false });
  const finished = await earlier.run({ count });
  await using flow = new Runner(program('prints-lines.ts'), { home, cwd, showOutput: false });
  const copy = join(cwd, 'lines.log');
  await using file = await open(copy, 'w');
  await execa(process.execPath, command, { stdout: file.fd as 3 }); // its types know the first ten descriptors

  const perSecond = (start: () => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>) =>
    linesPerSecond(start, { expected: count });
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
      flow: () => flowLinesPerSecond(flow, { count, one_by_one: false }),
      readline: () => perSecond(() => createInterface({ input: createReadStream(copy), crlfDelay: Infinity })),
      finished: () => perSecond(() => finished.streamLog('stdout')),
    },
    turns,
  );
  const compared = (what: string, way: 'live' | 'finished' | 'flow', againstExeca: readonly Aim[] = []): Row => ({
    what,
    sample: samples[way],
    aims: [MILLION],
    against: [
      { to: "execa's lines", sample: samples[way].timesThat(samples.execa), format: inTimes, aims: againstExeca },
      { to: "zx's lines", sample: samples[way].timesThat(samples.zx), format: inTimes },
      { to: 'node:readline', sample: samples[way].timesThat(samples.readline), format: inTimes },
    ],
  });
  report.table(`${count.toLocaleString('en')} lines of 80 bytes through \`for await\`, written 1,000 at a time`, {
    format: inLines,
    turns,
    rows: [
      { what: 'execa, iterable() of a child, its start included', sample: samples.execa },
      { what: 'zx, `for await` over a child, its start included', sample: samples.zx },
      { what: 'node:readline, of a file', sample: samples.readline },
      compared('raceway, streamLog of the same child as it prints, its start included', 'live', [THREE_TIMES]),
      compared('raceway, streamLog of the same child when it has ended', 'finished'),
      compared('raceway, streamLog of a flow whose step prints them, its start included', 'flow'),
    ],
  });
  report.note(
    'To a Runner the child writes straight into the file that is read. What a step prints goes from its ' +
      'worker into the log of the task and through the run process, which sets the task in front of each line: the lines that are ' +
      'read are longer by that than 80 bytes.',
  );
}

/** Of what calls `console.log` for each: of a tenth as many, since most of the time is spent on writing them. */
async function compareOneByOne({ report, pick }: Bench, { folder: cwd, home }: Place): Promise<void> {
  const count = pick(200_000, 5000);
  const printer = program('prints-lines.mjs');
  const command = [printer, 'run', `--count=${count}`, '--one_by_one=true'];
  await using runner = new Runner(printer, { cwd, showOutput: false });
  await using flow = new Runner(program('prints-lines.ts'), { home, cwd, showOutput: false });
  const perSecond = (start: () => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>) =>
    linesPerSecond(start, { expected: count });
  const turns = pick({ rounds: 9, warmUps: 1 }, { rounds: 1, warmUps: 1 });
  const samples = await inTurn(
    {
      execa: () => perSecond(() => execa(process.execPath, command, { buffer: false }).iterable()),
      live: async () => {
        const parameters = { count, one_by_one: true };
        const live = await perSecond(async () => (await runner.asyncRun(parameters)).streamLog('stdout'));
        await runner.cleanup();
        return live;
      },
      flow: () => flowLinesPerSecond(flow, { count, one_by_one: true }),
    },
    turns,
  );
  const compared = (what: string, way: 'live' | 'flow'): Row => ({
    what,
    sample: samples[way],
    aims: [MILLION],
    against: [{ to: "execa's lines", sample: samples[way].timesThat(samples.execa), format: inTimes }],
  });
  report.table(`${count.toLocaleString('en')} lines of 80 bytes through \`for await\`, each by a \`console.log\``, {
    format: inLines,
    turns,
    rows: [
      { what: 'execa, iterable() of a child, its start included', sample: samples.execa },
      compared('raceway, streamLog of the same child as it prints, its start included', 'live'),
      compared('raceway, streamLog of a flow whose step prints them, its start included', 'flow'),
    ],
  });
}

/** Of a run of `programs/prints-lines.ts`. */
async function flowLinesPerSecond(
  flow: Runner,
  parameters: { readonly count: number; readonly one_by_one: boolean },
): Promise<number> {
  const speed = await linesPerSecond(
    // The log of the task is kept whole, which is more than the 10 MB that it is allowed otherwise.
    async () => (await flow.asyncRun(parameters, { maxLogSize: 200 })).streamLog('stdout'),
    { expected: parameters.count, counts: ({ line }) => line.endsWith(END_OF_LINE) },
  );
  await flow.cleanup();
  return speed;
}

async function linesPerSecond<Line>(
  start: () => AsyncIterable<Line> | Promise<AsyncIterable<Line>>,
  { expected, counts = () => true }: { expected: number; counts?: (line: Line) => boolean },
): Promise<number> {
  const startMs = performance.now();
  let count = 0;
  for await (const line of await start()) if (counts(line)) count++;
  const tookMs = performance.now() - startMs;
  if (count !== expected) throw new Error(`could not measure: there came ${count} lines and not ${expected}`);
  return count / (tookMs / 1000);
}

/** What is awaited of zx is its whole output, and not the lines as they come. */
function notThenable<T>(iterable: AsyncIterable<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => iterable[Symbol.asyncIterator]() };
}
