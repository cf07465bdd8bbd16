import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { logLines } from '../../src/client/log-lines.ts';
import { LogTimes } from '../../src/client/log-times.ts';
import { SecretMask } from '../../src/engine/secret-mask.ts';
import { TaskLog } from '../../src/engine/task-log.ts';
import { FolderWatch } from '../../src/process/folder-watch.ts';
import { LogFile } from '../../src/process/log-file.ts';
import { logTimesFile } from '../../src/store/home-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { many, MANY_MS } from './many.ts';

/** Bytes as a process could print them: line ends of all kinds, halves of characters, escapes, and long lines. */
const bytes = fc
  .array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .constantFrom('\n', '\r\n', '\r', 'a', 'é', '🙂', '\u001B[2J', '\0', '\u2028', '0 1\n')
          .map((text) => Buffer.from(text)),
      },
      { weight: 2, arbitrary: fc.uint8Array({ maxLength: 4 }).map((some) => Buffer.from(some)) },
      { weight: 2, arbitrary: fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)) },
      // Around the sizes of the pieces in which logs are read.
      {
        weight: 1,
        arbitrary: fc
          .tuple(
            fc.constantFrom(4096, 16_384, 65_536),
            fc.integer({ min: -3, max: 3 }),
            fc.constantFrom('x', 'é', '🙂'),
          )
          .map(([size, more, text]) => Buffer.alloc(size + more, text)),
      },
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts));

/** Where to cut something into pieces. */
const cuts = fc.array(fc.integer({ min: 0, max: 70_000 }), { maxLength: 8 });

function pieces(content: Buffer, at: readonly number[]): Buffer[] {
  const places = [
    0,
    ...at.map((one) => one % (content.length + 1)).toSorted((one, other) => one - other),
    content.length,
  ];
  return places.slice(1).map((end, index) => content.subarray(places[index], end));
}

/** What the lines of some bytes are, said as simply as possible. */
function linesOf(content: Buffer, from = 0): { position: number; line: string }[] {
  const lines: { position: number; line: string }[] = [];
  let start = from;
  while (start < content.length) {
    const end = content.indexOf('\n', start);
    const isEnded = end !== -1;
    const line = content.subarray(start, isEnded ? end : content.length);
    const isCrLf = isEnded && line.at(-1) === 0x0d;
    start = isEnded ? end + 1 : content.length;
    lines.push({ position: start, line: (isCrLf ? line.subarray(0, -1) : line).toString() });
  }
  return lines;
}

test(
  'the lines of a run are those of its bytes, from whatever place the reading begins',
  async () => {
    using folder = temporaryFolder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(bytes, fc.nat(), async (content, place) => {
        const file = folder.file(`log-${count++}`);
        const watch = new FolderWatch(folder.path);
        writeFileSync(file, content);
        const log = new LogFile(file, watch);
        await log.complete();
        const all = await Array.fromAsync(log.lines());
        expect(all).toStrictEqual(linesOf(content));
        const anywhere = place % (content.length + 2);
        expect(await Array.fromAsync(log.lines({ position: anywhere }))).toStrictEqual(linesOf(content, anywhere));
        const one = all[place % Math.max(1, all.length)];
        const rest = one === undefined ? [] : await Array.fromAsync(log.lines({ position: one.position }));
        expect(rest).toStrictEqual(one === undefined ? [] : all.slice(all.indexOf(one) + 1));
        await watch.close();
      }),
      many(150),
    );
  },
  MANY_MS,
);

test(
  'the lines of a run that is being written are those of its bytes, in whatever pieces they come',
  async () => {
    using folder = temporaryFolder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (content, at) => {
        const file = folder.file(`log-${count++}`);
        const watch = new FolderWatch(folder.path);
        writeFileSync(file, '');
        const log = new LogFile(file, watch);
        const reader = log.lines();
        const read = Array.fromAsync(reader);
        for (const piece of pieces(content, at)) {
          appendFileSync(file, piece);
          watch.wake();
          await new Promise(setImmediate);
        }
        await log.complete();
        expect(await read).toStrictEqual(linesOf(content));
        await watch.close();
      }),
      many(40),
    );
  },
  MANY_MS,
);

test(
  'the lines of a task are those of its bytes, in whatever pieces they come, and each has a time that is one',
  async () => {
    using folder = temporaryFolder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(bytes, cuts, bytes, async (content, at, times) => {
        const file = folder.file(`log-${count++}`);
        const waiting = pieces(content, at);
        writeFileSync(logTimesFile(file), times); // whatever somebody put there
        const lines = await Array.fromAsync(
          logLines(file, {
            ended: async () => waiting.length === 0,
            next: async () => appendFileSync(file, waiting.shift() ?? ''),
          }),
        );
        expect(lines.map(({ text }) => text)).toStrictEqual(linesOf(content).map(({ line }) => line));
        for (const { time } of lines) expect(time.getTime()).not.toBeNaN();
      }),
      many(100),
    );
  },
  MANY_MS,
);

test(
  'what a run process hands on of a log are the lines of its bytes, and of a secret in it nothing is shown or kept',
  async () => {
    using folder = temporaryFolder();
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 3 }), cuts, fc.boolean(), async (parts, at, hasSecret) => {
        const content = Buffer.concat(parts.flatMap((part) => [part, Buffer.from(hasSecret ? 'hunter2-only' : '')]));
        const file = folder.file(`log-${count++}`);
        writeFileSync(file, '');
        const shown: string[] = [];
        const log = new TaskLog(file, {
          maxBytes: 1e9,
          mask: new SecretMask(hasSecret ? ['hunter2-only'] : []),
          sink: (lines) => shown.push(...lines),
        });
        for (const piece of pieces(content, at)) {
          appendFileSync(file, piece);
          while (log.look() !== 'nothing');
        }
        log.close();
        const masked = (text: string): string => text.replaceAll('hunter2-only', '*'.repeat(12));
        expect(shown).toStrictEqual(linesOf(content).map(({ line }) => (hasSecret ? masked(line) : line)));
        expect(readFileSync(file, 'latin1')).toBe(
          hasSecret ? masked(content.toString('latin1')) : content.toString('latin1'),
        );
      }),
      many(100),
    );
  },
  MANY_MS,
);

test('times that were written for a log are found again, in whatever pieces they are read', async () => {
  using folder = temporaryFolder();
  let count = 0;
  const entries = fc.array(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 8.64e15 })), {
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(entries, cuts, fc.nat({ max: 25_000 }), async (steps, at, offset) => {
      const log = folder.file(`log-${count++}`);
      let position = 0;
      const written = steps.map(([step, time]) => ({ offset: (position += step), time }));
      const text = Buffer.from(written.map((one) => `${one.offset} ${one.time}\n`).join(''));
      const times = new LogTimes(log);
      for (const piece of pieces(text, at)) {
        appendFileSync(logTimesFile(log), piece);
        await times.update();
      }
      expect(times.at(offset)).toBe(written.findLast((one) => one.offset <= offset)?.time);
    }),
    many(100),
  );
});

test('whatever else stands where times should be is a time that a Date can hold, or none', async () => {
  using folder = temporaryFolder();
  let count = 0;
  const line = fc.oneof(
    fc
      .tuple(fc.oneof(fc.double(), fc.integer()), fc.oneof(fc.double(), fc.integer()))
      .map(([one, other]) => `${one} ${other}`),
    fc.constantFrom(
      '',
      ' ',
      '1',
      '-1 5',
      '1 1e308',
      'Infinity 1',
      '0x10 0x10',
      '1 2 3',
      '9007199254740993 1',
      '5 -8640000000000001',
    ),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.nat(), async (lines, offset) => {
      const log = folder.file(`log-${count++}`);
      writeFileSync(logTimesFile(log), lines.map((one) => `${one}\n`).join(''));
      const times = new LogTimes(log);
      await times.update();
      const time = times.at(offset) ?? 0;
      expect(new Date(time).getTime()).toBe(Math.trunc(time) + 0); // a Date knows no -0
    }),
    many(200),
  );
});
