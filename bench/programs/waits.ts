import { setTimeout } from 'node:timers/promises';
import { current, FlowSpec, join, main, parameter, step } from 'raceway/flow';

/** Two tasks that wait for ever, and say when they have begun to; those that cooperate let go when they are asked to. */
export class Waits extends FlowSpec.with({ cooperates: parameter.boolean({ required: true }) }) {
  start = step(() => this.next(this.wait, { foreach: [1, 2] }));

  wait = step(async () => {
    // A task that has never read its signal is ended without a warning.
    const options = this.cooperates ? { signal: current.signal } : {};
    console.log('waiting');
    try {
      await setTimeout(2 ** 30, undefined, options);
    } finally {
      console.log('let go');
    }
    this.next(this.merge);
  });

  merge = join(() => this.next(this.end));
  end = step();
}

if (import.meta.main) await main(Waits);
