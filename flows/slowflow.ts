import { setTimeout } from 'node:timers/promises';
import { FlowSpec, main, parameter, step } from 'raceway/flow';

/** Waits and counts the seconds: the smallest flow that is worth watching. */
export class SlowFlow extends FlowSpec.with({
  seconds: parameter.integer({ default: 3, help: 'How long to wait' }),
}) {
  start = step(async () => {
    for (let i = 0; i < this.seconds; i++) {
      console.log(`${i} seconds passed`);
      await setTimeout(1000);
    }
    this.next(this.end);
  });

  end = step();
}

if (import.meta.main) await main(SlowFlow);
