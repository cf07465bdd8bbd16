import type { Inputs } from './inputs.ts';
import type { Decorator } from './decorator.ts';
import { defineStep, readArguments, type Step } from './step.ts';

/**
 * Makes the step in which the branches of a split, or the tasks of a foreach, meet. It begins with no artifacts but the
 * initial values: it takes what it needs from `inputs`, or leaves that to `this.mergeArtifacts(inputs)`.
 *
 * @param decorators what is to happen around its task, such as `retry()`, the first one outermost
 * @param body what the task of the step does; it calls `this.next(...)` once
 * @throws {TypeError} when `body` is not a function, or `decorators` are none
 *
 * @example
 * merge = join((inputs: Inputs<this>) => {
 *   this.best = Math.max(...inputs.map(({ score }) => score));
 *   this.next(this.end);
 * });
 */
export function join<F>(body: (inputs: Inputs<F>) => void | Promise<void>): Step;
export function join<F>(decorators: readonly Decorator[], body: (inputs: Inputs<F>) => void | Promise<void>): Step;
export function join(first: unknown, second?: unknown): Step {
  // The brand of a Step exists in the types only.
  return defineStep('join', readArguments(first, second)) as unknown as Step;
}
