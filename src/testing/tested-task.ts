import type { Artifacts, ParameterValues, STEP } from '../core/flow-shape.ts';
import type { Step } from '../flow/step.ts';

/** The names of the steps of `F`; any name, when nothing is known of its steps. */
export type StepName<F extends object> = [OwnStepName<F>] extends [never] ? string : OwnStepName<F>;

type OwnStepName<F extends object> = {
  [K in keyof F]-?: F[K] extends { readonly [STEP]: true } ? K : never;
}[keyof F] &
  string;

/** What the step `S` of `F` takes from a foreach. */
export type ItemOf<F extends object, S extends string> = S extends keyof F
  ? F[S] extends Step<infer Item>
    ? Item
    : unknown
  : unknown;

/** The artifacts of `F` that a task can leave: its fields without steps, methods and parameters. */
export type LeftArtifacts<F extends object> = {
  readonly [K in Exclude<keyof Artifacts<F>, keyof ParameterValues<F>>]: Artifacts<F>[K];
};

/** What a step said with `this.next()`; a union by `kind`. */
export type TestedTransition<F extends object> =
  | { readonly kind: 'linear' | 'switch'; readonly steps: readonly [StepName<F>] }
  | { readonly kind: 'branch'; readonly steps: readonly StepName<F>[] }
  | { readonly kind: 'foreach'; readonly steps: readonly [StepName<F>]; readonly items: readonly unknown[] };

/** A task that a test has run, and that succeeded. */
export interface TestedTask<F extends object, S extends string = StepName<F>> {
  readonly step: S;
  /** `1` for the first of the run. */
  readonly id: string;
  /** The tasks it followed, by their ids: one, for a join those that met in it, and none for the first. */
  readonly parentIds: readonly string[];
  /** The position in the innermost foreach, from 0; `undefined` outside one. */
  readonly index: number | undefined;
  /** What the task left, by name, as a later task would load it: nothing in it is shared with another task. */
  readonly artifacts: LeftArtifacts<F>;
  /** Where it went; `undefined` for `end`. */
  readonly transition: TestedTransition<F> | undefined;
}
