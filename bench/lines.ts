import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { Runner } from 'raceway';
import { makePlace, program } from './place.ts';
import { inTurn } from './sample.ts';
import { inLines, inTimes, printTable, type Row } from './table.ts';

const COUNT = 2_000_000;

/** How many lines a second can be read from a child, compared with execa's lines? */
export async function lines(): Promise<void> {
  await using place = await makePlace();
  const printer = program('prints-lines.mjs');
  const command = [printer, 'run', `--count=${COUNT}`];
  await using runner = new Runner(printer, { cwd: place.folder, showOutput: false });
  await using earlier = new Runner(printer, { cwd: place.folder, showOutput: false });
  const finished = await earlier.run({ count: COUNT });
  const copy = join(place.folder, 'lines.log');
  await using file = await open(copy, 'w');
  await execa(process.execPath, command, { stdout: file.fd as 3 }); // its types know the first ten descriptors

  const samples = await inTurn(
    {
      execa: () => linesPerSecond(() => execa(process.execPath, command, { buffer: false }).iterable()),
      live: async () => {
        const live = await linesPerSecond(async () => (await runner.asyncRun({ count: COUNT })).streamLog('stdout'));
        await runner.cleanup();
        return live;
      },
      readline: () => linesPerSecond(() => createInterface({ input: createReadStream(copy), crlfDelay: Infinity })),
      finished: () => linesPerSecond(() => finished.streamLog('stdout')),
    },
    { rounds: 7 },
  );
  const compared = (what: string, way: 'live' | 'finished'): Row => ({
    what,
    sample: samples[way],
    against: { sample: samples[way].against(samples.execa, (ours, theirs) => ours / theirs), format: inTimes },
    aim: { bound: 'at least', value: 3 },
  });
  printTable(`${COUNT.toLocaleString('en')} lines of 80 bytes through \`for await\`; the peer is execa`, {
    format: inLines,
    rows: [
      { what: 'execa, lines of a child, its start-up included', sample: samples.execa },
      compared('streamLog, lines of the same child while it prints, its start-up included', 'live'),
      compared('streamLog, lines of a run that has ended', 'finished'),
      { what: 'node:readline, lines of the same file', sample: samples.readline },
    ],
  });
}

async function linesPerSecond(start: () => AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>): Promise<number> {
  const startMs = performance.now();
  let count = 0;
  for await (const _ of await start()) count++;
  const tookMs = performance.now() - startMs;
  if (count !== COUNT) throw new Error(`could not measure: there came ${count} lines and not ${COUNT}`);
  return count / (tookMs / 1000);
}
