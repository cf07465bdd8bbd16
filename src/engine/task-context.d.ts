import type { CurrentTask } from '../flow/current.ts';
import type { TaskOrder } from './messages.ts';
/** What `current` shows to a task. */
export declare class TaskContext implements CurrentTask, Disposable {
  #private;
  readonly flowName: string;
  readonly runId: string;
  readonly stepName: string;
  readonly taskId: string;
  readonly retryCount: number;
  readonly originRunId: string | undefined;
  readonly username: string;
  readonly tags: readonly string[];
  readonly index: number | undefined;
  constructor(order: TaskOrder);
  /**
   * Whoever asks for the signal wants to be warned, and from then on SIGTERM no longer ends the process by itself. A
   * task that never asks is ended by the same SIGTERM at once, even in the middle of a loop.
   */
  signal(): AbortSignal;
  /** Made when first asked for; the run process removes it, however the task ends. */
  tempdir(): string;
  [Symbol.dispose](): void;
}
