import type { STEP } from '../core/flow-shape.ts';

/** A field of a flow that is a step: what `step()` returns. */
export interface Step {
  readonly [STEP]: true;
}

/** What a step does. An arrow function reads and writes the flow through `this`. */
export type StepBody = () => void | Promise<void>;

/**
 * Makes a step of a flow.
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
export function step(body?: StepBody): Step {
  if (body !== undefined && typeof body !== 'function') {
    throw new TypeError(
      `step() takes a function and was given ${body === null ? 'null' : typeof body}\n` +
        'Write it as step(() => { … }), or as step() for a step that does nothing.',
    );
  }
  return new DefinedStep(body) as unknown as Step; // the brand of a Step exists in the types only
}

/** What a `Step` is when the program runs. */
export class DefinedStep {
  readonly body: StepBody | undefined;

  constructor(body: StepBody | undefined) {
    this.body = body;
  }
}
