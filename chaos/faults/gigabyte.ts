import type { Fault } from '../fault.ts';
import { printLines } from '../print-lines.ts';

/** A step prints far more than anybody keeps. */
export const gigabyte: Fault = {
  name: 'gigabyte',
  title: 'A step that writes a gigabyte to stdout (bounded: 200 MB)',
  times: { full: 2, bounded: 1 },
  atOnce: 1,
  async strike(injection) {
    const lines = injection.extent === 'full' ? 12_500_000 : 2_500_000;
    const never = { restEvery: Infinity, restMs: 0, leaveEvery: Infinity };
    const read = await printLines(injection, { lines, reader: never });
    if (read === undefined || read.gapsTold === 0) return;
    injection.count('lines that were not handed on, and that was told', lines - read.lines);
    injection.count('places where lines were said to be missing', read.gapsTold);
  },
};
