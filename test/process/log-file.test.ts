import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderWatch } from '../../src/process/folder-watch.ts';
import type { LogLine } from '../../src/process/line-reader.ts';
import { LogFile } from '../../src/process/log-file.ts';

let path: string;
let watch: FolderWatch;
let log: LogFile;

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'));
  path = join(folder, 'stdout.log');
  writeFileSync(path, '');
  watch = new FolderWatch(folder);
  log = new LogFile(path, watch);
});

afterEach(() => watch.close());

/** The lines of a log that has this content and gets no more. */
async function linesOf(content: string | Buffer, position = 0): Promise<LogLine[]> {
  writeFileSync(path, content);
  await log.complete();
  return await Array.fromAsync(log.lines({ position }));
}

describe('LogFile.lines', () => {
  test('gives each line with the byte at which the next one starts', async () => {
    expect(await linesOf('a\nbé\n\nc\n')).toEqual([
      { position: 2, line: 'a' },
      { position: 6, line: 'bé' },
      { position: 7, line: '' },
      { position: 9, line: 'c' },
    ]);
  });

  test('gives nothing for an empty log', async () => {
    expect(await linesOf('')).toEqual([]);
  });

  test('takes a carriage return off only before the line feed', async () => {
    expect(await linesOf('a\r\nb\rc\r\r\n\r\nd\r')).toEqual([
      { position: 3, line: 'a' },
      { position: 9, line: 'b\rc\r' },
      { position: 11, line: '' },
      { position: 13, line: 'd\r' },
    ]);
  });

  test('gives out a last line without an ending as it stands when the log is complete', async () => {
    expect(await linesOf('a\nrest')).toEqual([
      { position: 2, line: 'a' },
      { position: 6, line: 'rest' },
    ]);
  });

  test('gives U+FFFD for bytes that are not UTF-8', async () => {
    expect(await linesOf(Buffer.from([0x61, 0xff, 0x62, 0x0a, 0xc3, 0x0a, 0xc3]))).toEqual([
      { position: 4, line: 'a\uFFFDb' },
      { position: 6, line: '\uFFFD' },
      { position: 7, line: '\uFFFD' },
    ]);
  });

  test('keeps a byte order mark and a zero byte', async () => {
    expect(await linesOf('\uFEFFa\0b\n')).toEqual([{ position: 7, line: '\uFEFFa\0b' }]);
  });

  test('goes on from a position without a gap or a repeat', async () => {
    const all = await linesOf('é1\r\nzwei\n3\nrest');
    for (const [index, { position }] of all.entries()) {
      expect(await Array.fromAsync(log.lines({ position }))).toEqual(all.slice(index + 1));
    }
  });

  test('begins in the middle of a line when told to', async () => {
    expect(await linesOf('hello\nyou\n', 2)).toEqual([
      { position: 6, line: 'llo' },
      { position: 10, line: 'you' },
    ]);
  });

  test('gives nothing from a position at or behind the end', async () => {
    expect(await linesOf('a\n', 2)).toEqual([]);
    expect(await Array.fromAsync(log.lines({ position: 100 }))).toEqual([]);
  });

  test.each([-1, 1.5, NaN, Infinity])('refuses position %s', (position) => {
    expect(() => log.lines({ position })).toThrow(RangeError);
  });

  test('gives out a line of 5 MB between short ones in one piece', async () => {
    const long = 'ö'.repeat(2_500_000);
    const lines = await linesOf(`before\n${long}\nafter\n`);
    expect(lines.map(({ position }) => position)).toEqual([7, 5_000_008, 5_000_014]);
    expect(lines[1]?.line === long).toBe(true);
  });

  test('reads a line that arrives in 20,000 pieces in linear time', async () => {
    const reading = Array.fromAsync(log.lines());
    const file = openSync(path, 'a');
    for (let piece = 0; piece < 20_000; piece++) writeSync(file, 'x'.repeat(100));
    closeSync(file);
    await log.complete();
    const [line, ...others] = await reading;
    expect(line?.line.length).toBe(2_000_000);
    expect(others).toEqual([]);
  });

  test('is the same at every place where a chunk can end', async () => {
    // Longer than the small and the large buffer, with a character of each length.
    const content = Array.from({ length: 40_000 }, (_, number) => `${number} aé€😀\r\n`).join('');
    const lines = await linesOf(content);
    expect(lines.map(({ line }) => line)).toEqual(content.split('\r\n').slice(0, -1));
    expect(lines.at(-1)?.position).toBe(Buffer.byteLength(content));
  });

  test('waits for the rest of a character that is split across two writes', async () => {
    const lines = log.lines();
    const [start, end] = [Buffer.from('grün\n').subarray(0, 3), Buffer.from('grün\n').subarray(3)];
    appendFileSync(path, start);
    const first = lines.next();
    expect(await settledWithin(first, 50)).toBe(false);
    appendFileSync(path, end);
    expect(await first).toEqual({ done: false, value: { position: 6, line: 'grün' } });
    await lines.return();
  });

  test('holds back a line that has not ended', async () => {
    const lines = log.lines();
    appendFileSync(path, 'half');
    const first = lines.next();
    expect(await settledWithin(first, 50)).toBe(false);
    appendFileSync(path, ' and half\n');
    expect((await first).value?.line).toBe('half and half');
    await lines.return();
  });

  test('gives out each line that is written while it waits', async () => {
    const lines = log.lines();
    for (let round = 0; round < 20; round++) {
      const next = lines.next();
      await settledWithin(next, 20);
      appendFileSync(path, `line ${round}\n`);
      expect((await next).value?.line).toBe(`line ${round}`);
    }
    await lines.return();
  });

  test('misses neither of two quick appends', async () => {
    const lines = log.lines();
    for (let round = 0; round < 100; round++) {
      appendFileSync(path, `a${round}\n`);
      expect((await lines.next()).value?.line).toBe(`a${round}`);
      const last = lines.next();
      appendFileSync(path, `b${round}`);
      appendFileSync(path, '\n');
      expect((await last).value?.line).toBe(`b${round}`);
    }
    await lines.return();
  });

  test('gives ten readers the same lines while they are being written', async () => {
    const readers = Array.from({ length: 10 }, () => Array.fromAsync(log.lines()));
    for (let number = 0; number < 1000; number++) appendFileSync(path, `line ${number}\n`);
    await log.complete();
    const expected = Array.from({ length: 1000 }, (_, number) => `line ${number}`);
    for (const lines of await Promise.all(readers)) expect(lines.map(({ line }) => line)).toEqual(expected);
  });

  test('ends when the reader leaves, also while it waits for a line', async () => {
    const lines = log.lines();
    const waiting = lines.next();
    expect(await settledWithin(waiting, 20)).toBe(false);
    await lines.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  test('can be left by break, and read by another from there', async () => {
    await linesOf('a\nb\nc\n');
    let position = 0;
    for await (const line of log.lines()) {
      position = line.position;
      break;
    }
    expect((await Array.fromAsync(log.lines({ position }))).map(({ line }) => line)).toEqual(['b', 'c']);
  });

  test('answers calls in the order in which they came', async () => {
    const lines = log.lines();
    const calls = Array.from({ length: 5 }, () => lines.next());
    appendFileSync(path, '0\n1\n2\n');
    await log.complete();
    expect((await Promise.all(calls)).map(({ value }) => value?.line)).toEqual(['0', '1', '2', undefined, undefined]);
  });

  test('throws the reason of a signal that is aborted while it waits', async () => {
    const controller = new AbortController();
    const waiting = log.lines({ signal: controller.signal }).next();
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });

  test('throws the reason of a signal that was aborted before, and then is at its end', async () => {
    const lines = log.lines({ signal: AbortSignal.abort(new Error('enough')) });
    await expect(lines.next()).rejects.toThrow('enough');
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  test('can be piped as a web stream and cancelled while it waits', async () => {
    appendFileSync(path, 'a\n');
    const reader = ReadableStream.from<LogLine>(log.lines()).getReader();
    expect((await reader.read()).value).toEqual({ position: 2, line: 'a' });
    await reader.cancel();
  });

  test('throws what it was removed with, and lets a reader that had read all come to its end', async () => {
    appendFileSync(path, 'a\n');
    const done = log.lines();
    await done.next();
    await log.complete();
    log.remove(new Error('gone'));
    expect((await done.next()).done).toBe(true);
    await expect(log.lines().next()).rejects.toThrow('gone');
    expect(() => log.text()).toThrow('gone');
  });
});

describe('LogFile.text', () => {
  test('gives what has been written so far', () => {
    appendFileSync(path, 'a\r\nb');
    expect(log.text()).toBe('a\r\nb');
  });

  test('refuses a log of more than 256 MB and names streamLog', () => {
    truncateSync(path, 256 * 1024 * 1024 + 1);
    expect(() => log.text()).toThrow(
      /has 268435457 bytes, and 268435456 is the limit\nRead it line by line with streamLog/,
    );
    truncateSync(path, 0);
  });
});

describe('LogFile.tail', () => {
  test('gives the end of the log from the beginning of a line', () => {
    writeFileSync(path, 'first\nsecond\nthird\n');
    expect(log.tail(10)).toBe('third\n');
    expect(log.tail(100)).toBe('first\nsecond\nthird\n');
  });

  test('gives the end of a log that is larger than a buffer can be read at once', () => {
    truncateSync(path, 3 * 1024 ** 3);
    appendFileSync(path, '\nlast\n');
    expect(log.tail(100)).toBe('last\n');
    truncateSync(path, 0);
  });
});

describe('LogFile.chunks', () => {
  test('gives every byte once while the log grows', async () => {
    const reading = (async () => {
      let sizeBytes = 0;
      for await (const chunk of log.chunks()) sizeBytes += chunk.length;
      return sizeBytes;
    })();
    for (let round = 0; round < 500; round++) appendFileSync(path, 'x'.repeat(round * 7));
    await log.complete();
    expect(await reading).toBe(statSync(path).size);
  });
});

/** Whether the promise has an answer after the time, which is how one sees that there is nothing to await. */
async function settledWithin(promise: Promise<unknown>, timeMs: number): Promise<boolean> {
  const { setTimeout } = await import('node:timers/promises');
  return await Promise.race([promise.then(() => true), setTimeout(timeMs, false)]);
}
