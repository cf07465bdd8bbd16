import { FlowSpec, main, parameter, step } from 'raceway/flow';

const LINE = `${'the quick brown fox jumps over the lazy dog '.repeat(2).slice(0, 79)}\n`;

/** The same lines of 80 bytes from a step: a thousand of them in a write, or each by itself. */
export class PrintsLines extends FlowSpec.with({
  count: parameter.integer({ required: true }),
  one_by_one: parameter.boolean({ default: false }),
}) {
  start = step(() => {
    const text = this.one_by_one ? LINE.slice(0, -1) : LINE.repeat(1000);
    if (this.one_by_one) for (let printed = 0; printed < this.count; printed++) console.log(text);
    else
      for (let left = this.count; left > 0; left -= 1000) {
        process.stdout.write(left < 1000 ? LINE.repeat(left) : text);
      }
    this.next(this.end);
  });

  end = step();
}

if (import.meta.main) await main(PrintsLines);
