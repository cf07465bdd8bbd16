/** How often and when a failed task is tried again. */
export interface RetryPolicy {
  /** Further attempts after the first, 0 or more. */
  readonly times: number;
  /** Before the first further attempt, in milliseconds, 0 or more. */
  readonly delayMs: number;
  /** What the delay is multiplied with each time, 1 or more. */
  readonly backoff: number;
  /** `crash`: only when the task's process ended or took too long, not when the step threw. */
  readonly on: 'failure' | 'crash';
}

/** What becomes of a task whose last attempt failed: it counts as done. */
export interface CatchPolicy {
  /** The artifact that keeps the error; nothing keeps it without. */
  readonly artifact: string | undefined;
  /** Whether the error is printed. */
  readonly printException: boolean;
}

/** What a task needs while it runs. */
export interface Resources {
  /** Processors, more than 0. */
  readonly cpu: number;
  /** Memory in megabytes of 1 000 000 bytes, 0 or more. */
  readonly memoryMb: number;
  /** Graphics processors, 0 or more. */
  readonly gpu: number;
}

/** Where a secret comes from, and the environment variable in which the task finds it. */
export interface SecretSource {
  readonly from: 'environment' | 'file';
  /** The name of a variable of the run, or the path of a file. */
  readonly place: string;
  readonly variable: string;
}

/** A report that is kept with each task of the step. */
export interface CardPolicy {
  /** Tells several cards of one task apart. */
  readonly id: string;
  readonly type: 'default' | 'blank';
}

/** What the decorators of a step ask of the run process and its workers; all of it is data. */
export interface StepPolicy {
  readonly retry?: RetryPolicy;
  /** How long an attempt may take, in milliseconds, more than 0. */
  readonly timeoutMs?: number;
  readonly catchError?: CatchPolicy;
  /** Environment variables that tasks of the step have. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly SecretSource[];
  readonly resources?: Resources;
  /** Whether each task gets a process of its own. */
  readonly isolated?: boolean;
  readonly cards?: readonly CardPolicy[];
}

/** The policy of a step with several decorators: lists and variables add up, and otherwise the first one has the say. */
export function mergePolicies(policies: readonly StepPolicy[]): StepPolicy {
  const backwards = policies.toReversed();
  const merged: StepPolicy = Object.assign({}, ...backwards) as StepPolicy;
  const secrets = policies.flatMap((policy) => policy.secrets ?? []);
  const cards = policies.flatMap((policy) => policy.cards ?? []);
  return {
    ...merged,
    environment: Object.assign({}, ...backwards.map(({ environment }) => environment)) as Record<string, string>,
    secrets,
    cards,
  };
}
