import { FlowSpec, main, parameter, step } from 'raceway/flow';

/** The smallest flow: two steps, a parameter and an artifact. */
export class TwoSteps extends FlowSpec.with({ name: parameter.string({ default: 'world' }) }) {
  words: readonly string[] = [];

  start = step(() => {
    this.words = ['hello', this.name];
    this.next(this.end);
  });

  end = step(() => {
    const sentence: string = this.words.join(' ');
    console.log(sentence);
  });
}

if (import.meta.main) await main(TwoSteps);
