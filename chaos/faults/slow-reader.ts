import type { Fault } from '../fault.ts';
import { printLines } from '../print-lines.ts';

/** A reader that was never behind by so many lines was not slow. */
const LEAST_BEHIND = 20_000;

/** A stream is read slower than it is written, by a reader that leaves now and then and goes on where it was. */
export const slowReader: Fault = {
  name: 'slow-reader',
  title: 'A million-line stream with a slow reader (bounded: 200,000 lines)',
  times: { full: 4, bounded: 1 },
  atOnce: 1,
  async strike(injection) {
    const lines = injection.extent === 'full' ? 1_000_000 : 200_000;
    const { random } = injection;
    const reader = {
      restEvery: random.integer(500, 2000),
      restMs: random.integer(1, 10),
      leaveEvery: random.integer(5000, 50_000),
    };
    const read = await printLines(injection, { lines, reader });
    if (read === undefined) return;
    const behind = Math.round((read.mostBehindBytes / read.sizeBytes) * lines);
    injection.peak('lines by which the reader was behind', behind);
    if (behind < LEAST_BEHIND) injection.miss(`the reader kept up: ${behind} lines behind at most`);
    if (read.hasOutlasted) injection.count('the run had ended while it was read');
    injection.check('every line arrives', read.lines !== lines && `${read.lines} of ${lines} lines`);
  },
};
