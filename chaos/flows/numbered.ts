import { FlowSpec, type Inputs, join, main, parameter, step } from 'raceway/flow';

/** A small flow of which many run at once: twice a number, by way of a foreach. */
export class Numbered extends FlowSpec.with({ number: parameter.integer({ required: true }) }) {
  part = 0;
  twice = 0;

  start = step(() => {
    this.next(this.work, { foreach: [this.number, this.number] });
  });

  work = step((part: number) => {
    this.part = part;
    this.next(this.merge);
  });

  merge = join((inputs: Inputs<this>) => {
    for (const { part } of inputs) this.twice += part;
    this.next(this.end);
  });

  end = step();
}

if (import.meta.main) await main(Numbered);
