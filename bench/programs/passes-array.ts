import { FlowSpec, main, parameter, step } from 'raceway/flow';

/** Makes an array and passes it through five steps that do not look at it. */
class PassesArray extends FlowSpec.with({ megabytes: parameter.integer({ required: true }) }) {
  data = new Float64Array();

  start = step(() => {
    this.data = new Float64Array((this.megabytes * 1_000_000) / 8).fill(Math.PI);
    this.next(this.second);
  });

  second = step(() => this.next(this.third));
  third = step(() => this.next(this.fourth));
  fourth = step(() => this.next(this.fifth));
  fifth = step(() => this.next(this.end));
  end = step();
}

if (import.meta.main) await main(PassesArray);
