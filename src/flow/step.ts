import type { STEP } from '../core/flow-shape.ts';

/** Stands on the type of a step for the item that a foreach hands to it; nothing of it exists when the program runs. */
declare const ITEM: unique symbol;

/** A field of a flow that is a step: what `step()` and `join()` return. `Item` is what it takes from a foreach. */
export interface Step<in Item = unknown> {
  readonly [STEP]: true;
  readonly [ITEM]?: (item: Item) => void;
}

/** What a step does. An arrow function reads and writes the flow through `this`. */
export type StepBody<Item = unknown> = (item: Item) => void | Promise<void>;

/**
 * Makes a step of a flow.
 *
 * A step that is reached by a foreach gets its item as the argument: `step((title: string) => …)`. One that goes back to
 * itself needs a block for a body, `{ … }`, or the compiler finds its type going round in a circle.
 *
 * @param body what a task of the step does; it calls `this.next(...)` once, unless the step is `end`
 * @default an empty body, which is what `end` often has
 * @throws {TypeError} when `body` is not a function
 *
 * @example
 * class Greeting extends FlowSpec {
 *   start = step(() => {
 *     console.log('hello');
 *     this.next(this.end);
 *   });
 *   end = step();
 * }
 */
export function step(): Step;
export function step<Item = unknown>(body: StepBody<Item> | undefined): Step<Item>;
export function step(body?: StepBody<never>): Step {
  if (body !== undefined && typeof body !== 'function') {
    throw new TypeError(
      `step() takes a function and was given ${body === null ? 'null' : typeof body}\n` +
        'Write it as step(() => { … }), or as step() for a step that does nothing.',
    );
  }
  return new DefinedStep(body, 'step') as unknown as Step; // the brand of a Step exists in the types only
}

/** What a `Step` is when the program runs. */
export class DefinedStep {
  readonly kind: 'step' | 'join';
  readonly body: StepBody<never> | undefined;

  constructor(body: StepBody<never> | undefined, kind: 'step' | 'join') {
    this.body = body;
    this.kind = kind;
  }
}
