import { FlowSpec, main, parameter, step } from 'raceway/flow';

/** Prints lines from a step, so that they go through the log of a task and the console of the run. */
export class Printing extends FlowSpec.with({ lines: parameter.integer({ default: 1 }) }) {
  start = step(() => {
    for (let i = 0; i < this.lines; i++) console.log(`line ${i} of those that this step prints`);
    this.next(this.end);
  });

  end = step();
}

if (import.meta.main) await main(Printing);
