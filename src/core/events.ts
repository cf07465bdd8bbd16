import type { FinalRunState, TaskReason } from './status.ts';

/**
 * What happens in a run, in the order in which it happens. The console, the JSON log and the store are sinks of these;
 * each event is complete in itself. `pathspec` is that of the run or the task.
 */
export type RunEvent =
  | { readonly type: 'run-started'; readonly pathspec: string; readonly originRunId?: string | undefined }
  | { readonly type: 'task-cloned'; readonly pathspec: string; readonly originPathspec: string }
  | {
      readonly type: 'task-started';
      readonly pathspec: string;
      readonly attempt: number;
      readonly pid: number;
      /** The task that is executed once more, when this is a spin. */
      readonly originPathspec?: string | undefined;
    }
  | {
      readonly type: 'task-succeeded';
      readonly pathspec: string;
      readonly attempt: number;
      /** Why it would have failed if the step did not catch errors. */
      readonly caught?: TaskReason | undefined;
    }
  | {
      readonly type: 'task-failed';
      readonly pathspec: string;
      readonly attempt: number;
      readonly reason: TaskReason;
      /** Whether another attempt follows. */
      readonly isRetried?: boolean | undefined;
    }
  | { readonly type: 'run-finished'; readonly pathspec: string; readonly state: FinalRunState };

/** A `RunEvent` as it was kept: with its place in the run and its time in milliseconds since the epoch. */
export type RecordedEvent = RunEvent & { readonly sequence: number; readonly at: number };

/** What a running task printed; shown, and kept in the task's own log, but not among the events of the run. */
export interface TaskOutput {
  readonly type: 'task-output';
  readonly pathspec: string;
  readonly stream: 'stdout' | 'stderr';
  /** Whole lines without their ends. */
  readonly lines: readonly string[];
}
