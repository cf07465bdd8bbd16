import { FlowSpec, type Inputs, join, main, parameter, step } from 'raceway/flow';

/** A trivial task for each number; the one that `BENCH_FAIL` names fails. */
class Foreach extends FlowSpec.with({ count: parameter.integer({ required: true }) }) {
  square = 0;
  sum = 0;

  start = step(() => {
    this.next(this.work, { foreach: Array.from({ length: this.count }, (_, index) => index) });
  });

  work = step((index: number) => {
    if (process.env['BENCH_FAIL'] === String(index)) throw new Error('as asked');
    this.square = index * index;
    this.next(this.merge);
  });

  merge = join((inputs: Inputs<this>) => {
    for (const { square } of inputs) this.sum += square;
    this.next(this.end);
  });

  end = step();
}

if (import.meta.main) await main(Foreach);
