import { FlowSpec, main, step } from 'raceway/flow';
import { work } from './work.mjs';

/** A step that does what work.mjs does. */
export class OneStep extends FlowSpec {
  start = step(async () => {
    await work();
    this.next(this.end);
  });

  end = step();
}

if (import.meta.main) await main(OneStep);
