import type { Inputs } from './inputs.ts';
import { DefinedStep, type Step } from './step.ts';

/**
 * Makes the step in which the branches of a split, or the tasks of a foreach, meet. It begins with no artifacts but the
 * initial values: it takes what it needs from `inputs`, or leaves that to `this.mergeArtifacts(inputs)`.
 *
 * @param body what the task of the step does; it calls `this.next(...)` once
 * @throws {TypeError} when `body` is not a function
 *
 * @example
 * merge = join((inputs: Inputs<this>) => {
 *   this.best = Math.max(...inputs.map(({ score }) => score));
 *   this.next(this.end);
 * });
 */
export function join<F>(body: (inputs: Inputs<F>) => void | Promise<void>): Step {
  const given: unknown = body;
  if (typeof given !== 'function') {
    throw new TypeError(
      `join() takes a function and was given ${given === null ? 'null' : typeof given}\n` +
        'Write it as join((inputs: Inputs<this>) => { … }).',
    );
  }
  return new DefinedStep(body, 'join') as unknown as Step; // the brand of a Step exists in the types only
}
