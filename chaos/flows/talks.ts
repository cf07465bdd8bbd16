import { setTimeout } from 'node:timers/promises';
import { FlowSpec, type Inputs, join, main, step } from 'raceway/flow';

/** How many tasks print, and how many lines each. */
export const TALKERS = 8;
export const LINES = 20;

/** Tasks that print numbered lines, which is all that is known of what they did. */
export class Talks extends FlowSpec {
  talker = 0;
  talkers: readonly number[] = [];

  start = step(() => {
    this.next(this.talk, { foreach: Array.from({ length: TALKERS }, (_, talker) => talker) });
  });

  talk = step(async (talker: number) => {
    this.talker = talker;
    for (let number = 0; number < LINES; number++) {
      console.log(`talker ${talker} line ${number}`);
      await setTimeout(5);
    }
    this.next(this.hear);
  });

  hear = join((inputs: Inputs<this>) => {
    this.talkers = [...inputs].map((input) => input.talker);
    this.next(this.end);
  });

  end = step();
}

if (import.meta.main) await main(Talks);
