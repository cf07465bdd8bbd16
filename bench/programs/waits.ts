import { setTimeout } from 'node:timers/promises';
import { FlowSpec, join, main, step } from 'raceway/flow';

/** Two tasks that wait for ever, and say when they have begun to. */
export class Waits extends FlowSpec {
  start = step(() => this.next(this.wait, { foreach: [1, 2] }));

  wait = step(async () => {
    console.log('waiting');
    await setTimeout(2 ** 30);
    this.next(this.merge);
  });

  merge = join(() => this.next(this.end));
  end = step();
}

if (import.meta.main) await main(Waits);
