import { setTimeout } from 'node:timers/promises';
import { FlowSpec, main, parameter, step } from 'raceway/flow';

/** The same from a step: through the log of a task and the console of the run. */
export class PrintsClock extends FlowSpec.with({ count: parameter.integer({ required: true }) }) {
  start = step(async () => {
    await setTimeout(100);
    for (let printed = 0; printed < this.count; printed++) {
      console.log(`clock ${process.hrtime.bigint()}`);
      await setTimeout(5 + (printed % 7));
    }
    this.next(this.end);
  });

  end = step();
}

if (import.meta.main) await main(PrintsClock);
