import { RacewayError } from '../core/errors.ts';
import { addDecorators, type DefinedDecorator, withinDecorators } from './decorator.ts';
import type { Inputs, JoinInput } from './inputs.ts';
import { joinInputs } from './join-inputs.ts';
import { ParameterReads } from './parameter-reads.ts';
import { planMerge, type MergeSetting } from './plan-merge.ts';
import { readTransition } from './read-transition.ts';
import { DefinedStep } from './step.ts';
import type { Transition } from './transition.ts';

/** What an instance of a flow starts from. */
export interface TaskInputs {
  /** The run's parameters, with every one the flow declares. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The names of the artifacts that the parent task left. */
  readonly inherited: readonly string[];
  /** The value of an inherited artifact; called at most once for a name, when it is first touched. */
  readonly load: (name: string) => unknown;
  /** What a foreach hands to the step. */
  readonly item?: { readonly value: unknown } | undefined;
  /** For a join, which inherits nothing: the tasks it brings together. */
  readonly inputs?: readonly JoinInput[] | undefined;
  /** For a join without inputs: the task whose foreach had no items, from which it may merge. */
  readonly split?: JoinInput | undefined;
  /** How many items a foreach may have. @default any number */
  readonly maxNumSplits?: number | undefined;
  /** Decorators that every step has besides its own. */
  readonly with?: readonly DefinedDecorator[] | undefined;
}

/** A field of a flow instance that is, or may be, an artifact. */
export type TaskField =
  /** Inherited, and nobody looked: it is passed on as it is. */
  | { readonly name: string; readonly origin: 'untouched' }
  /** Inherited and read, so that it may have been changed in place. */
  | { readonly name: string; readonly origin: 'inherited'; readonly value: unknown }
  /** As the initialiser left it, apart from changes in place. */
  | { readonly name: string; readonly origin: 'initial'; readonly value: unknown }
  /** Taken over by `mergeArtifacts` from the input of this index, and nobody looked. */
  | { readonly name: string; readonly origin: 'merged'; readonly from: number }
  /** Assigned by the step. */
  | { readonly name: string; readonly origin: 'assigned'; readonly value: unknown };

type Phase =
  | { readonly kind: 'constructing' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'running'; readonly step: string }
  | { readonly kind: 'finished'; readonly step: string };

/**
 * The book that is kept on one instance of a flow class: the handler of the Proxy which the class's code knows as `this`.
 *
 * Values stay on the proxied object itself, so that a read costs one look into a map besides. The Proxy passes itself on
 * as the receiver: getters and `#private` fields of the user's class belong to the Proxy, not to the object behind it.
 */
export class FlowInstance implements ProxyHandler<object> {
  readonly flowName: string;
  /** Steps by name, in the order of their definition. */
  readonly steps = new Map<string, DefinedStep>();
  readonly #stepNames = new Map<DefinedStep, string>();
  readonly #inputs: TaskInputs;
  readonly #fields = new Map<string, TaskField['origin']>();
  /** For a field of origin `merged`: the index of the input it comes from. */
  readonly #merged = new Map<string, number>();
  readonly #reads = new ParameterReads();
  #phase: Phase = { kind: 'constructing' };
  #transition: Transition | undefined;
  /** What the body of a join got. */
  #joined: Inputs<object> | undefined;
  /** For a join: its initial values that can be changed in place, as they were when its body first read them. */
  readonly #untouched = new Map<string, unknown>();
  #target: Record<string, unknown> = {};
  #proxy: object = this.#target;

  /** Constructs `FlowClass` and keeps the book on what comes out. */
  static construct(FlowClass: new () => object, inputs: TaskInputs): FlowInstance {
    const instance = new FlowInstance(FlowClass.name, inputs);
    // The constructor of FlowSpec takes it from here at once, so that nothing which the class's own initialisers do,
    // constructing other flows included, can get hold of it.
    waiting = instance;
    try {
      new FlowClass();
    } finally {
      waiting = undefined;
    }
    instance.#settle(FlowClass);
    return instance;
  }

  /** For the constructor of FlowSpec: the Proxy that takes the place of `target`. */
  static adopt(target: object): object {
    const instance = waiting;
    waiting = undefined;
    if (instance === undefined) {
      const name = target.constructor.name;
      throw new RacewayError(
        'FLOW_DEFINITION',
        `${name} cannot be constructed by hand: an instance of a flow belongs to a task`,
        `Start the flow with main(${name}), from another program with a Runner, or in a test with runFlow(${name}).`,
      );
    }
    return instance.#adopt(target);
  }

  private constructor(flowName: string, inputs: TaskInputs) {
    this.flowName = flowName;
    this.#inputs = inputs;
  }

  #adopt(target: object): object {
    this.#target = target as Record<string, unknown>;
    for (const [name, value] of Object.entries(this.#inputs.parameters)) {
      define(target, name, deepFreeze(value));
      this.#reads.declare(name);
    }
    this.#proxy = new Proxy(target, this);
    instances.set(this.#proxy, this);
    return this.#proxy;
  }

  /** After the constructor: what the parent task left takes the place of initial values. */
  #settle(FlowClass: new () => object): void {
    this.#reads.endConstruction(FlowClass);
    for (const name of this.#inputs.inherited) {
      if (this.#isParameter(name) || this.steps.has(name) || hasMember(this.#target, name)) continue;
      this.#fields.set(name, 'untouched');
      this.#reads.forget(name);
      this.#defineLater(name, () => this.#inputs.load(name));
    }
    this.#phase = { kind: 'ready' };
  }

  /** Lets a field load its value when it is first touched. */
  #defineLater(name: string, load: () => unknown): void {
    const get = (): unknown => {
      const value = load();
      define(this.#target, name, value);
      this.#fields.set(name, 'inherited');
      return value;
    };
    Object.defineProperty(this.#target, name, { get, enumerable: true, configurable: true });
  }

  /** Runs a step on this instance; once. */
  async run(stepName: string): Promise<void> {
    const step = this.steps.get(stepName);
    if (step === undefined) {
      throw new RacewayError(
        'NOT_FOUND',
        `${this.flowName} has no step ${stepName}`,
        `Its steps are: ${[...this.steps.keys()].join(', ')}.`,
      );
    }
    if (this.#phase.kind !== 'ready') {
      throw new TypeError(`This instance of ${this.flowName} has run a step already\nMake a new one for each task.`);
    }
    this.#reads.beginStep(stepName);
    this.#phase = { kind: 'running', step: stepName };
    try {
      const decorators = addDecorators(step.decorators, this.#inputs.with ?? []);
      await withinDecorators(decorators, {
        flow: this.#proxy,
        body: async () => step.body?.call(this.#proxy, this.#argument(step) as never),
      });
      this.#checkTransition(stepName);
    } finally {
      this.#phase = { kind: 'finished', step: stepName };
    }
  }

  /** What the body is called with. */
  #argument({ kind }: DefinedStep): unknown {
    const { inputs = [], item, parameters } = this.#inputs;
    if (kind === 'step') return item?.value;
    const prototype = Object.getPrototypeOf(this.#target) as object;
    const onParameterRead = (name: string): void => this.#reads.add(name);
    this.#joined = joinInputs(inputs, { prototype, parameters, onParameterRead });
    return this.#joined;
  }

  #checkTransition(stepName: string): void {
    const isEnd = stepName === 'end';
    if (isEnd === (this.#transition === undefined)) return;
    throw new RacewayError(
      'FLOW_DEFINITION',
      isEnd
        ? `Step end of ${this.flowName} called this.next(), but nothing follows the end`
        : `Step ${stepName} of ${this.flowName} returned without having called this.next()`,
      isEnd
        ? 'Remove the call, or give the step another name.'
        : 'Call this.next(this.<step>) before it returns, and await whatever calls it.',
    );
  }

  get transition(): Transition | undefined {
    return this.#transition;
  }

  /** What `FlowSpec.next` does. */
  next(args: readonly unknown[]): void {
    const phase = this.#phase;
    if (phase.kind !== 'running') {
      throw new RacewayError(
        'FLOW_DEFINITION',
        phase.kind === 'finished'
          ? `this.next() was called after step ${phase.step} of ${this.flowName} had returned`
          : `this.next() was called in the constructor of ${this.flowName}`,
        'Call it in the body of a step, and await whatever calls it.',
      );
    }
    const transition = readTransition(args, {
      flowName: this.flowName,
      step: phase.step,
      steps: this.steps,
      nameOf: (step) => this.#stepNames.get(step),
      maxNumSplits: this.#inputs.maxNumSplits ?? Infinity,
    });
    if (this.#transition !== undefined) {
      throw new RacewayError(
        'FLOW_DEFINITION',
        `Step ${phase.step} of ${this.flowName} called this.next() twice, for ${this.#transition.steps.join(', ')} and for ${transition.steps.join(', ')}`,
        'Call it once, as the last thing the step does.',
      );
    }
    this.#transition = transition;
  }

  /** What `FlowSpec.mergeArtifacts` does. */
  mergeArtifacts(given: Iterable<object>, options: MergeSetting['options']): void {
    const phase = this.#phase;
    const joined = this.#joined;
    if (phase.kind !== 'running' || joined === undefined) {
      const where = phase.kind === 'running' ? `step ${phase.step} of ${this.flowName} is no join` : 'none is running';
      throw new RacewayError(
        'FLOW_DEFINITION',
        `this.mergeArtifacts() can only be called in a join, and ${where}`,
        'Call it in the body of join((inputs: Inputs<this>) => { … }).',
      );
    }
    const indices = new Map(joined.map((view, index) => [view, index]));
    const inputs = new Map<number, JoinInput>();
    for (const view of given) {
      const index = indices.get(view);
      const input = index === undefined ? undefined : this.#inputs.inputs?.[index];
      if (index === undefined || input === undefined) {
        throw new TypeError(
          `this.mergeArtifacts() in step ${phase.step} of ${this.flowName} was given what is no input of the join\n` +
            'Write it as this.mergeArtifacts(inputs).',
        );
      }
      inputs.set(index, input);
    }
    // Each branch would have had what was there before the split.
    const { split } = this.#inputs;
    if (joined.length === 0 && split !== undefined) inputs.set(0, split);
    const isTaken = (name: string): boolean =>
      this.#isParameter(name) ||
      this.steps.has(name) ||
      hasMember(this.#target, name) ||
      (this.#fields.has(name) && this.#fields.get(name) !== 'initial') ||
      (this.#untouched.has(name) && hasChanged(this.#target[name], this.#untouched.get(name)));
    for (const [name, from] of planMerge(inputs, { options, isTaken, stepName: phase.step })) {
      this.#fields.set(name, 'merged');
      this.#merged.set(name, from);
      this.#reads.forget(name);
      const view = joined[from];
      this.#defineLater(name, () => (view === undefined ? split?.load(name) : Reflect.get(view, name)));
    }
  }

  /** The fields that are there now, parameters, steps and functions of the class left out. */
  fields(): readonly TaskField[] {
    const fields: TaskField[] = [];
    for (const [name, origin] of this.#fields) {
      if (origin === 'untouched') {
        fields.push({ name, origin });
        continue;
      }
      if (origin === 'merged') {
        fields.push({ name, origin, from: this.#merged.get(name) ?? 0 });
        continue;
      }
      const value = this.#target[name];
      if (origin === 'initial' && typeof value === 'function') continue; // part of the class, as a method is
      fields.push({ name, origin, value });
    }
    return fields;
  }

  /** The parameters that had a part in what the task did: read by the step, or by the initialiser of a field. */
  get parameterReads(): readonly string[] {
    const initial = this.fields().flatMap(({ name, origin }) => (origin === 'initial' ? [name] : []));
    const reads = this.#reads.all(initial);
    return Object.keys(this.#inputs.parameters).filter((name) => reads.has(name));
  }

  // What follows is the Proxy's: `this` of the flow class.

  get(target: object, key: PropertyKey, receiver: unknown): unknown {
    this.#reads.note(key);
    const value: unknown = Reflect.get(target, key, receiver);
    if (this.#joined !== undefined && typeof key === 'string') this.#noteJoinRead(key, value);
    return value;
  }

  set(target: object, key: PropertyKey, value: unknown, receiver: unknown): boolean {
    if (typeof key !== 'string' || (!Object.hasOwn(target, key) && key in target)) {
      return Reflect.set(target, key, value, receiver); // a setter of the class, perhaps
    }
    if (this.#fields.get(key) === 'assigned') {
      this.#target[key] = value;
      return true;
    }
    return this.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  }

  defineProperty(target: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    if (typeof key !== 'string') return Reflect.defineProperty(target, key, descriptor);
    if (this.#phase.kind === 'constructing' && descriptor.value instanceof DefinedStep) {
      this.#defineStep(key, descriptor.value);
      return Reflect.defineProperty(target, key, descriptor);
    }
    this.#refuseConstant(key, 'assigned');
    if (this.#phase.kind !== 'constructing' && hasMember(target, key)) {
      throw new TypeError(
        `${this.flowName}.${key} is a member of the class, which the next task would find there again\n` +
          'Keep the value in a field of another name.',
      );
    }
    if (!Reflect.defineProperty(target, key, descriptor)) return false;
    if ('value' in descriptor) this.#noteField(key);
    else this.#forget(key);
    return true;
  }

  deleteProperty(target: object, key: PropertyKey): boolean {
    if (typeof key === 'string') {
      this.#refuseConstant(key, 'deleted');
      this.#forget(key);
    }
    return Reflect.deleteProperty(target, key);
  }

  #defineStep(name: string, step: DefinedStep): void {
    const otherName = this.#stepNames.get(step);
    if (otherName !== undefined) {
      throw new TypeError(
        `${this.flowName}.${name} is the same step as ${this.flowName}.${otherName}\n` +
          'Make a step of its own for each name, with step().',
      );
    }
    const replaced = this.steps.get(name); // a subclass gives a step another body
    if (replaced !== undefined) this.#stepNames.delete(replaced);
    this.#forget(name);
    this.steps.set(name, step);
    this.#stepNames.set(step, name);
    this.#reads.defineStep(name);
  }

  #noteField(name: string): void {
    if (this.#phase.kind !== 'constructing') {
      this.#fields.set(name, 'assigned');
      this.#reads.forget(name);
      return;
    }
    this.#fields.set(name, 'initial');
    this.#reads.initialise(name);
  }

  /** Keeps what an initial value was before the body of a join gets its hands on it: filling it counts as setting it. */
  #noteJoinRead(name: string, value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    if (this.#fields.get(name) !== 'initial' || this.#untouched.has(name)) return;
    try {
      this.#untouched.set(name, structuredClone(value));
    } catch {
      // No data, so no artifact either.
    }
  }

  #forget(name: string): void {
    this.#fields.delete(name);
    this.#reads.forget(name);
  }

  #isParameter(name: string): boolean {
    return Object.hasOwn(this.#inputs.parameters, name);
  }

  #refuseConstant(name: string, verb: 'assigned' | 'deleted'): void {
    if (this.steps.has(name)) {
      throw new TypeError(
        `${this.flowName}.${name} is a step and cannot be ${verb}\nKeep the value in a field of another name.`,
      );
    }
    if (this.#isParameter(name)) {
      throw new TypeError(
        `${this.flowName}.${name} is a parameter and cannot be ${verb}: parameters are constant for the run\n` +
          'Keep the value in a field of another name.',
      );
    }
  }
}

/** Handed from `construct` to the constructor of FlowSpec, synchronously. */
let waiting: FlowInstance | undefined;

const instances = new WeakMap<object, FlowInstance>();

/** The book on a flow's `this`. @throws {TypeError} when `this` was lost on the way */
export function instanceOf(flow: unknown, method: string): FlowInstance {
  const instance = instances.get(flow as object);
  if (instance !== undefined) return instance;
  throw new TypeError(`${method}() was called without its flow\nCall it as this.${method}(…), in an arrow function.`);
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Whether a value is no longer what it was when it was cloned. */
function hasChanged(value: unknown, clone: unknown): boolean {
  const { isDeepStrictEqual } = process.getBuiltinModule('node:util'); // here, since few joins come to this
  try {
    return !isDeepStrictEqual(structuredClone(value), clone); // a clone too: one of a Buffer is a Uint8Array
  } catch {
    return true; // something that cannot be cloned was put in
  }
}

/** Whether the class itself says what `name` is: with a method, a getter or a setter. */
function hasMember(target: object, name: string): boolean {
  let prototype: unknown = Object.getPrototypeOf(target);
  while (typeof prototype === 'object' && prototype !== null && prototype !== Object.prototype) {
    if (Object.hasOwn(prototype, name)) return true;
    prototype = Object.getPrototypeOf(prototype);
  }
  return false;
}

/** Parameters are constant all the way down; a task must not change what a later one in the same process gets. */
function deepFreeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) deepFreeze(part);
  return value;
}
