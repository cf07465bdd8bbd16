import type { StepPolicy } from './step-policy.ts';

/** Stands on a decorator; nothing of it exists when the program runs. */
declare const DECORATOR: unique symbol;

/** What `step([...], body)` takes: made by `retry()` and its like, or by what `defineDecorator` returns. */
export interface Decorator {
  readonly name: string;
  /** What it was given, defaults filled in. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly [DECORATOR]?: true;
}

/** A task as a decorator sees it. */
export interface DecoratedTask<Options> {
  readonly options: Options;
  /** The flow, as the step knows it by `this`: what is assigned is an artifact. */
  readonly flow: Record<string, unknown>;
}

/** What a decorator does. */
export interface DecoratorHooks<Options> {
  /**
   * Checks what the decorator was given and fills in defaults; the values come from the source of the flow, or from
   * `--with`.
   *
   * @throws {TypeError | RangeError} when something of it is wrong
   */
  readonly options?: (given: Readonly<Record<string, unknown>>) => Options;
  /** What it asks of the run: attempts, a time limit, a process of its own, … */
  readonly policy?: (options: Options) => StepPolicy;
  /**
   * Wraps each attempt, in the process and the instance in which the step runs: call `next` once, await it, and do what
   * is to be done before and after. What `next` rejects with is what the step threw.
   */
  readonly around?: (task: DecoratedTask<Options>, next: () => Promise<void>) => void | Promise<void>;
}

/** Makes a decorator from its options; without them when all are optional. */
export type DecoratorMaker<Options extends object> = object extends Options
  ? (options?: Options) => Decorator
  : (options: Options) => Decorator;

type AnyMaker = (given: Readonly<Record<string, unknown>>) => DefinedDecorator;

const makers = new Map<string, AnyMaker>();

/**
 * Makes a decorator for steps, which `--with` knows by its name as well.
 *
 * @param name letters, digits and "_", no digit first
 * @throws {TypeError} when the name cannot be one, or is that of a decorator of raceway
 *
 * @example
 * const timed = defineDecorator<{ label?: string }>('timed', {
 *   around: async ({ options, flow }, next) => {
 *     const start = performance.now();
 *     await next();
 *     flow['seconds'] = (performance.now() - start) / 1000;
 *   },
 * });
 * start = step([timed({ label: 'load' })], () => { … });
 */
export function defineDecorator<Options extends object = Record<never, never>>(
  name: string,
  hooks: DecoratorHooks<Options>,
): DecoratorMaker<Options> {
  if (BUILT_IN.has(name)) {
    throw new TypeError(`defineDecorator() was given the name ${name}, which is raceway's own\nGive it another name.`);
  }
  return registerDecorator(name, hooks);
}

/** As `defineDecorator`, for the decorators of raceway. */
export function builtInDecorator<Options extends object>(
  name: string,
  hooks: DecoratorHooks<Options>,
): DecoratorMaker<Options> {
  BUILT_IN.add(name);
  return registerDecorator(name, hooks);
}

const BUILT_IN = new Set<string>();

function registerDecorator<Options extends object>(
  name: string,
  hooks: DecoratorHooks<Options>,
): DecoratorMaker<Options> {
  if (typeof name !== 'string' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new TypeError(
      `defineDecorator() was given the name ${JSON.stringify(name)}\nUse letters, digits and "_", and no digit first.`,
    );
  }
  const make = (given: unknown = {}): DefinedDecorator => {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw new TypeError(`${name}() takes its options as an object, and was given ${JSON.stringify(given)}`);
    }
    return new DefinedDecorator(
      name,
      given as Readonly<Record<string, unknown>>,
      hooks as unknown as DecoratorHooks<object>,
    );
  };
  makers.set(name, make);
  return make; // what it is given is checked by the hooks
}

/** Every decorator that is defined in this process, by name. */
export const decoratorMakers: ReadonlyMap<string, AnyMaker> = makers;

/** What a `Decorator` is when the program runs. */
export class DefinedDecorator implements Decorator {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly policy: StepPolicy;
  readonly #around: DecoratorHooks<object>['around'];

  constructor(name: string, given: Readonly<Record<string, unknown>>, hooks: DecoratorHooks<object>) {
    const options = hooks.options === undefined ? given : hooks.options(given);
    this.name = name;
    this.options = options as Readonly<Record<string, unknown>>;
    this.policy = hooks.policy?.(options) ?? {};
    this.#around = hooks.around;
  }

  /** Runs `next` within this decorator. */
  async wrap(flow: object, next: () => Promise<void>): Promise<void> {
    if (this.#around === undefined) return next();
    let calls = 0;
    await this.#around({ options: this.options, flow: flow as Record<string, unknown> }, async () => {
      calls += 1;
      if (calls > 1) {
        throw new TypeError(`the decorator ${this.name} called next() twice\nUse retry() to run a step again.`);
      }
      await next();
    });
  }
}

/** Runs `body` within the decorators, the first one outermost. */
export function withinDecorators(
  decorators: readonly DefinedDecorator[],
  { flow, body }: { flow: object; body: () => Promise<void> },
): Promise<void> {
  return decorators.reduceRight<() => Promise<void>>((next, decorator) => () => decorator.wrap(flow, next), body)();
}

/** The decorators of a step with those that `--with` adds: one that the step has itself stays as it is. */
export function addDecorators(
  own: readonly DefinedDecorator[],
  added: readonly DefinedDecorator[],
): readonly DefinedDecorator[] {
  const names = new Set(own.map(({ name }) => name));
  return [...own, ...added.filter(({ name }) => !names.has(name))];
}
