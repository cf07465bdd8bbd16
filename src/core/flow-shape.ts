/**
 * What the type of a flow class says to those who never load it: the Runner takes its parameter types from here and the
 * client its artifact types. Types only; nothing of this exists when the program runs.
 */

/** Stands on the instance type of a flow for what a caller may give as its parameters. */
export declare const PARAMETERS: unique symbol;

/** Stands on the instance type of a flow for what a caller may give in place of its configuration files. */
export declare const CONFIGS: unique symbol;

/** Stands on the instance type of a flow for the names of its secret parameters, whose values are never kept. */
export declare const SECRETS: unique symbol;

/** Stands on the type of a step, so that a step is not taken for an artifact. */
export declare const STEP: unique symbol;

/** Any flow class's instance type. */
export type FlowShape = object;

/** A flow of which nothing is known: every parameter and artifact name goes, and values are `unknown`. */
export interface AnyFlow {
  readonly [PARAMETERS]: Record<string, unknown>;
  readonly [CONFIGS]: Record<string, unknown>;
  readonly [name: string]: unknown;
}

/** What may be given as parameters of `F`: names and types, all optional (the flow itself says which it needs). */
export type ParameterInputs<F extends FlowShape> = F extends { readonly [PARAMETERS]: infer P }
  ? Partial<P>
  : Record<string, never>; // an empty object type would let every name through

/** What may be given in place of the configuration files of `F`, by name. */
export type ConfigInputs<F extends FlowShape> = F extends { readonly [CONFIGS]: infer C }
  ? Partial<C>
  : Record<string, never>;

/** The parameters and configs a run of `F` has, with their values' types; those that are secret are not kept. */
export type ParameterValues<F extends FlowShape> = string extends keyof F
  ? Readonly<Record<string, unknown>>
  : {
      readonly [K in Exclude<(keyof ParameterInputsOf<F> | keyof ConfigInputsOf<F>) & keyof F, SecretsOf<F>>]: F[K];
    };

/** The artifacts of `F` (its parameters among them, but for secret ones) by name; its steps and methods are none. */
export type Artifacts<F extends FlowShape> = string extends keyof F
  ? Readonly<Record<string, unknown>>
  : { readonly [K in keyof F as F[K] extends NoArtifact ? never : Exclude<K & string, SecretsOf<F>>]: F[K] };

type NoArtifact = { readonly [STEP]: true } | ((...args: never[]) => unknown);

type ParameterInputsOf<F extends FlowShape> = F extends { readonly [PARAMETERS]: infer P } ? P : Record<never, never>;

type ConfigInputsOf<F extends FlowShape> = F extends { readonly [CONFIGS]: infer C } ? C : Record<never, never>;

type SecretsOf<F extends FlowShape> = F extends { readonly [SECRETS]: infer S } ? S : never;
