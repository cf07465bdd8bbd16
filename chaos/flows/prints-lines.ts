import { writeSync } from 'node:fs';
import { FlowSpec, main, parameter, step } from 'raceway/flow';

const LINES_AT_ONCE = 1000;

/** Prints numbered lines of 80 bytes, `line 17 xxx…`, as fast as it can. */
export class PrintsLines extends FlowSpec.with({ lines: parameter.integer({ required: true }) }) {
  printed = 0;

  start = step(() => {
    for (let first = 0; first < this.lines; first += LINES_AT_ONCE) {
      const count = Math.min(LINES_AT_ONCE, this.lines - first);
      const lines = Array.from({ length: count }, (_, index) => `line ${first + index} `.padEnd(79, 'x'));
      print(Buffer.from(`${lines.join('\n')}\n`));
    }
    this.printed = this.lines;
    this.next(this.end);
  });

  end = step();
}

function print(bytes: Buffer): void {
  for (let written = 0; written < bytes.byteLength;) written += writeSync(1, bytes, written);
}

if (import.meta.main) await main(PrintsLines);
