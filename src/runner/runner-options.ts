import type { ResumeOptions, RunOptions, SpinOptions, TopLevelOptions } from '../core/flags.ts';
import type { Artifacts, ConfigInputs, FlowShape, ParameterInputs, ParameterValues } from '../core/flow-shape.ts';

/** Options that are the Runner's own, and no flags of the flow. */
export interface RunnerOwnOptions {
  /** Whether blocking operations copy the child's stdout and stderr to this process's, live. @default true */
  showOutput?: boolean | undefined;
  /** Added to, and overriding, this process's environment; `undefined` removes a variable. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Working folder of the child, and where its home is looked for. @default process.cwd() */
  cwd?: string | URL | undefined;
  /**
   * The program, or program and arguments, that the flow file is given to. @default by the file's name: this Node for
   * `.ts .mts .js .mjs .cjs`, `python3` for `.py`, and anything else is executed itself
   */
  interpreter?: string | readonly string[] | undefined;
  /** How long the child may take to announce its run, in milliseconds, 0 or more, `Infinity` for no limit. @default 3600000 */
  startTimeoutMs?: number | undefined;
  /** Aborting it ends every run of this runner. */
  signal?: AbortSignal | undefined;
}

/** Options of one operation that are the Runner's own, and no flags of the flow. */
export interface OperationOwnOptions {
  /** Aborting it ends the run; before there is one, the operation rejects with its reason. */
  signal?: AbortSignal | undefined;
  /** How long the run may take, in milliseconds, 0 or more; it is ended with status `timeout`. @default Infinity */
  timeoutMs?: number | undefined;
  /** Whether a run that does not succeed is an error, `RunFailedError`, of `run()`, `resume()`, `spin()` and `wait()`. @default false */
  reject?: boolean | undefined;
  /**
   * Whether the run outlives this process, its runner and its handle: only `kill()` ends it. Its output is kept in the home,
   * and `Runner.attach` gives another script a handle on it. `timeoutMs` is then seen to by the run process, and `signal`
   * counts until the run has started. @default false
   */
  detached?: boolean | undefined;
}

/** Options of `map()` that concern all of its runs together. */
export interface MapOwnOptions {
  /** How many runs may be in flight at once, 1 or more. @default the number of processors */
  maxConcurrency?: number | undefined;
  /**
   * Remembers the rows in the home under this name: rows whose run succeeded are not run again, and a run that failed is
   * resumed. At most 494 characters.
   */
  batch?: string | undefined;
}

/** Flags of programs that raceway does not know; it is they who judge. Of a flow with a type, all flags are known. */
type OtherFlags<F extends FlowShape> = string extends keyof F ? Readonly<Record<string, unknown>> : unknown;

/** What a flow is given in place of its configuration files, by their names. */
interface ConfigOptions<F extends FlowShape> {
  /** Files to read instead; a relative path starts at the working folder of the flow. */
  config?: { readonly [K in keyof ConfigInputs<F>]?: string } | undefined;
  /** What such files would say. */
  configValue?: ConfigInputs<F> | undefined;
}

/** Metaflow's name for `with`. */
interface Decospecs {
  /** As `with`. */
  decospecs?: readonly string[] | undefined;
}

/** Options of `new Runner()`: the Runner's own, and the flags that stand before the command. */
export type RunnerOptions<F extends FlowShape> = RunnerOwnOptions &
  Omit<TopLevelOptions, keyof ConfigOptions<F>> &
  ConfigOptions<F> &
  Decospecs &
  OtherFlags<F>;

/** Options of `run()` and `asyncRun()`. */
export type RunOperationOptions<F extends FlowShape> = OperationOwnOptions & RunOptions & Decospecs & OtherFlags<F>;

/**
 * Options of `map()`: its own, and those of `run()`, which hold for each of its runs. What is not there would be written by
 * all of them.
 */
export type MapOperationOptions<F extends FlowShape> = MapOwnOptions &
  Omit<OperationOwnOptions, 'detached'> &
  Omit<RunOptions, 'runIdFile'> &
  Decospecs &
  OtherFlags<F>;

/** Options of `resume()` and `asyncResume()`. */
export type ResumeOperationOptions<F extends FlowShape> = OperationOwnOptions &
  ResumeOptions &
  Decospecs & {
    /** The step from which on everything runs again. @default what did not succeed */
    stepToRerun?: string | undefined;
    /** Parameters that get another value than they had in the origin run. */
    parameters?: ParameterInputs<F> | undefined;
  } & OtherFlags<F>;

/** Options of `spin()` and `asyncSpin()`. */
export type SpinOperationOptions<F extends FlowShape> = OperationOwnOptions &
  SpinOptions &
  Decospecs & {
    /** Artifacts that the task finds instead of the inherited ones, by name: what JSON can say. */
    artifacts?: ArtifactInputs<F> | undefined;
    /** Parameters that get another value than they had in the origin run. */
    parameters?: ParameterInputs<F> | undefined;
  } & OtherFlags<F>;

/** The artifacts of `F` without its parameters, all optional. */
type ArtifactInputs<F extends FlowShape> = string extends keyof F
  ? Readonly<Record<string, unknown>>
  : Partial<Omit<Artifacts<F>, keyof ParameterValues<F>>>;

export const RUNNER_OWN_OPTIONS = [
  'showOutput',
  'env',
  'cwd',
  'interpreter',
  'startTimeoutMs',
  'signal',
] as const satisfies readonly (keyof RunnerOwnOptions)[];

export const OPERATION_OWN_OPTIONS = [
  'signal',
  'timeoutMs',
  'reject',
  'detached',
] as const satisfies readonly (keyof OperationOwnOptions)[];

export const MAP_OWN_OPTIONS = [
  'signal',
  'timeoutMs',
  'reject',
  'maxConcurrency',
  'batch',
] as const satisfies readonly (keyof (OperationOwnOptions & MapOwnOptions))[];
