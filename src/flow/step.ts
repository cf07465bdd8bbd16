import type { STEP } from '../core/flow-shape.ts';
import { type Decorator, DefinedDecorator } from './decorator.ts';

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
 * @param decorators what is to happen around its tasks, such as `retry()`, the first one outermost
 * @param body what a task of the step does; it calls `this.next(...)` once, unless the step is `end`
 * @default an empty body, which is what `end` often has
 * @throws {TypeError} when `body` is not a function, or `decorators` are none
 *
 * @example
 * class Greeting extends FlowSpec {
 *   start = step([retry()], () => {
 *     console.log('hello');
 *     this.next(this.end);
 *   });
 *   end = step();
 * }
 */
export function step(): Step;
export function step<Item = unknown>(body: StepBody<Item> | undefined): Step<Item>;
export function step<Item = unknown>(decorators: readonly Decorator[], body?: StepBody<Item>): Step<Item>;
export function step(first?: StepBody<never> | readonly Decorator[], second?: StepBody<never>): Step {
  // The brand of a Step exists in the types only.
  return defineStep('step', readArguments(first, second)) as unknown as Step;
}

/** What was given to `step()` or `join()`, unchecked. */
interface StepArguments {
  readonly decorators: unknown;
  readonly body: unknown;
}

/** Takes apart what `step()` and `join()` were given: the decorators may be left out. */
export function readArguments(first: unknown, second: unknown): StepArguments {
  return Array.isArray(first) ? { decorators: first, body: second } : { decorators: [], body: first };
}

/** @throws {TypeError} when something is given that is no body, or no list of decorators */
export function defineStep(kind: DefinedStep['kind'], { decorators, body }: StepArguments): DefinedStep {
  if (typeof body !== 'function' && (body !== undefined || kind === 'join')) {
    throw new TypeError(
      `${kind}() takes a function and was given ${body === null ? 'null' : typeof body}\n` +
        (kind === 'join'
          ? 'Write it as join((inputs: Inputs<this>) => { … }).'
          : 'Write it as step(() => { … }), or as step() for a step that does nothing.'),
    );
  }
  const list = decorators as readonly unknown[];
  for (const [index, one] of list.entries()) {
    if (!(one instanceof DefinedDecorator)) {
      const received = typeof one === 'function' ? `the function ${one.name}` : String(one);
      throw new TypeError(
        `${kind}() takes decorators as its first argument and was given ${received}\n` +
          'Call what makes them, as in step([retry()], () => { … }).',
      );
    }
    if (list.slice(0, index).some((other) => isSame(other as DefinedDecorator, one))) {
      throw new TypeError(`${kind}() was given the decorator ${one.name} twice\nRemove one of them.`);
    }
  }
  return new DefinedStep(body as StepBody<never> | undefined, kind, list as readonly DefinedDecorator[]);
}

/** Only cards can be several, each with an id of its own. */
function isSame(one: DefinedDecorator, other: DefinedDecorator): boolean {
  return one.name === other.name && cardIds(one) === cardIds(other);
}

function cardIds({ policy: { cards = [] } }: DefinedDecorator): string {
  return cards.map(({ id }) => id).join();
}

/** What a `Step` is when the program runs. */
export class DefinedStep {
  readonly kind: 'step' | 'join';
  readonly body: StepBody<never> | undefined;
  readonly decorators: readonly DefinedDecorator[];

  constructor(body: StepBody<never> | undefined, kind: 'step' | 'join', decorators: readonly DefinedDecorator[] = []) {
    this.body = body;
    this.kind = kind;
    this.decorators = decorators;
  }
}
