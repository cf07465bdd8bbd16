import type { Guardian } from '../process/guardian.ts';
import { type TaskOrder, type TaskOutcome } from './messages.ts';
/** How a worker's time with a task ended. */
export type TaskEnd =
  | {
      readonly kind: 'done';
      readonly outcome: TaskOutcome;
    }
  /** The process ended before the task was done. */
  | {
      readonly kind: 'exit';
      readonly exitCode: number;
    }
  | {
      readonly kind: 'signal';
      readonly signalCode: string;
    }
  /** The worker could not begin: none of the task's code ran. */
  | {
      readonly kind: 'unusable';
      readonly message: string;
    };
export interface WorkerStart {
  readonly script: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly guardian: Guardian;
  /** Called when the running task has printed something. */
  readonly onPrinted: () => void;
}
/** A worker as its run process sees it: one process, a group of its own, one task at a time. */
export declare class WorkerProcess {
  #private;
  readonly pid: number;
  constructor({ script, environment, guardian, onPrinted }: WorkerStart);
  /** Whether it may be given a task. */
  get isFree(): boolean;
  /** Gives the worker a task, as soon as it has loaded the flow. */
  run(order: TaskOrder): Promise<TaskEnd>;
  /** Not to be used again; what it runs goes on. */
  retire(): void;
  /**
   * Ends the process and everything in its group: SIGTERM, then SIGKILL. A task that did not ask for a warning is gone
   * at once. Resolves when none is left.
   */
  end({ graceMs }: { graceMs: number }): Promise<void>;
}
