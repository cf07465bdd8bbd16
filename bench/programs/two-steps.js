// The twin of two-steps.ts, to tell what it costs to strip the types.
import { FlowSpec, main, parameter, step } from 'raceway/flow';

export class TwoSteps extends FlowSpec.with({ name: parameter.string({ default: 'world' }) }) {
  words = [];

  start = step(() => {
    this.words = ['hello', this.name];
    this.next(this.end);
  });

  end = step(() => {
    const sentence = this.words.join(' ');
    console.log(sentence);
  });
}

if (import.meta.main) await main(TwoSteps);
