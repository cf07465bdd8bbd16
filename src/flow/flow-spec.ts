import type { CONFIGS, PARAMETERS, SECRETS } from '../core/flow-shape.ts';
import type { Config } from './config.ts';
import { FlowInstance, instanceOf } from './flow-instance.ts';
import type { Parameter, SECRET } from './parameter.ts';
import type { MergeOptions } from './plan-merge.ts';
import { declareParameters } from './declared-parameters.ts';
import type { Step } from './step.ts';

/** Parameters as `FlowSpec.with` takes them: by name. */
export type ParameterDefinitions = Readonly<Record<string, Parameter>>;

/** The fields that parameters become. */
export type ParameterFields<P extends ParameterDefinitions> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer Value> ? Value : never;
};

/** Configs as `FlowSpec.with` takes them: by name. */
export type ConfigDefinitions = Readonly<Record<string, Config>>;

/** The fields that configs become. */
export type ConfigFields<C extends ConfigDefinitions> = {
  readonly [K in keyof C]: C[K] extends Config<infer Value> ? Value : never;
};

/** What a caller may give for configs, instead of a file. */
export type ConfigArguments<C extends ConfigDefinitions> = {
  readonly [K in keyof C]: C[K] extends Config<unknown, infer Argument> ? Argument : never;
};

/** What a caller may give for parameters. */
export type ParameterArguments<P extends ParameterDefinitions> = {
  readonly [K in keyof P]: P[K] extends Parameter<unknown, infer Argument> ? Argument : never;
};

/** The names of those parameters that are known to be secret. */
export type SecretNames<P extends ParameterDefinitions> = {
  [K in keyof P]: P[K] extends { readonly [SECRET]: true } ? K : never;
}[keyof P];

/** The base class of a flow with parameters and configs: what `FlowSpec.with` returns. */
export interface FlowSpecWith<P extends ParameterDefinitions, C extends ConfigDefinitions = Record<never, never>> {
  new (): FlowSpec &
    ParameterFields<P> &
    ConfigFields<C> & {
      readonly [PARAMETERS]: ParameterArguments<P>;
      readonly [CONFIGS]: ConfigArguments<C>;
      readonly [SECRETS]: SecretNames<P>;
    };
}

/** How `this.next(this.<step>, …)` makes a task of each item. */
export interface ForeachOptions<Item> {
  /** The items, which are storable values; asked for once. */
  readonly foreach: Iterable<Item>;
  /** Whether it may have no items: then the join comes next, with no inputs. @default false */
  readonly allowEmpty?: boolean;
}

/** Any flow class. */
export type FlowClass<F extends FlowSpec = FlowSpec> = new () => F;

/**
 * The base class of a flow that is written as steps.
 *
 * Fields made by `step()` are its steps; every other field that a step assigns or changes in place is an artifact, kept
 * with the task and there again, loaded when first touched, in the tasks that follow. Each task gets an instance of its
 * own, so initialisers run again for each; initial values count where no earlier task left the artifact. A flow is called
 * what its class is called: letters, digits and "_".
 *
 * `this` is a Proxy: the first read of a large artifact loads it, synchronously (100 MB take 145 ms), and each further
 * read costs about 50 ns, so copy a field to a local before a hot loop.
 *
 * @example
 * class Greeting extends FlowSpec.with({ name: parameter.string({ default: 'world' }) }) {
 *   text = '';
 *   start = step(() => {
 *     this.text = `Hello, ${this.name}!`;
 *     this.next(this.end);
 *   });
 *   end = step(() => console.log(this.text));
 * }
 */
export class FlowSpec {
  /**
   * A base class whose instances have the parameters and configs as readonly fields. They are there before the field
   * initialisers run, and constant for the run.
   *
   * @throws {TypeError} when a value is not made by `parameter` or `config`, or two have one name
   *
   * @example
   * class SlowFlow extends FlowSpec.with({ seconds: parameter.integer({ default: 3 }) }) { … }
   * class Train extends FlowSpec.with({}, { config: { model: config.json('model.json') } }) { … }
   */
  static with<const P extends ParameterDefinitions, const C extends ConfigDefinitions = Record<never, never>>(
    parameters: P,
    options: { readonly config?: C } = {},
  ): FlowSpecWith<P, C> {
    const WithParameters = class extends FlowSpec {};
    declareParameters(WithParameters, parameters, options.config ?? {});
    return WithParameters as FlowClass as FlowSpecWith<P, C>; // the fields are defined on each instance
  }

  /** Only a task constructs a flow. @throws {RacewayError} `FLOW_DEFINITION` when anyone else does */
  constructor() {
    return FlowInstance.adopt(this) as FlowSpec;
  }

  /**
   * Says what follows this step; called once in every step but `end`, with its steps written out as `this.<step>`, since
   * the graph is read from the source before anything runs.
   *
   * - `this.next(this.a)` goes on to a step.
   * - `this.next(this.a, this.b)` goes on to several at once, which meet in a join.
   * - `this.next(this.work, { foreach: this.titles })` makes a task of each item, which the step gets as its argument;
   *   they meet in a join. An iterable is asked once. Without items it fails, unless `allowEmpty` is true.
   * - `this.next({ yes: this.a, no: this.b }, { condition: this.verdict })` goes on to one of several, by the value of
   *   the condition; that step may be an earlier one.
   *
   * @throws {TypeError} when what is given is of no such form, or a step is none of this flow
   * @throws {RangeError} when the condition is none of the cases
   * @throws {RacewayError} `FLOW_DEFINITION` when the step has called it already or has returned, or a foreach has no items
   *   or too many
   */
  protected next(...steps: readonly [Step, ...Step[]]): void;
  protected next<Item>(step: Step<Item>, options: ForeachOptions<Item>): void;
  protected next<const V extends string | number | boolean>(
    cases: Readonly<Record<`${V}`, Step>>,
    options: { readonly condition: V },
  ): void;
  protected next(...args: readonly unknown[]): void {
    instanceOf(this, 'next').next(args);
  }

  /**
   * In a join: takes over, without loading it, every artifact on which the inputs that have it agree. What the join has
   * set itself, or changed in place, is left alone; an initial value by itself counts as not set. Call it when the join has
   * set what they disagree on. Without inputs, after a foreach over nothing, it takes over what was there before the split.
   *
   * @throws {RacewayError} `ARTIFACT` when inputs disagree, naming every artifact concerned, or when none has what is to
   *   be included; nothing is taken over then. `FLOW_DEFINITION` when the step is no join
   *
   * @example
   * merge = join((inputs: Inputs<this>) => {
   *   this.score = Math.max(...inputs.map(({ score }) => score));
   *   this.mergeArtifacts(inputs);
   *   this.next(this.end);
   * });
   */
  protected mergeArtifacts(inputs: Iterable<Readonly<this>>, options?: MergeOptions<keyof this & string>): void {
    instanceOf(this, 'mergeArtifacts').mergeArtifacts(inputs, options ?? {});
  }
}
