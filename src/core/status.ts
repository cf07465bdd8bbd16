/** What a run is doing. `timeout` is a run that was ended because it took longer than its limit. */
export type RunStatus = 'running' | 'successful' | 'failed' | 'timeout';

/** Why a run is not successful. */
export type RunReason =
  /** A task failed after its retries. */
  | { readonly kind: 'task'; readonly pathspec: string; readonly message: string }
  /** The run process ended with this status for a reason that it did not record. With 0 it left its end out, or the home lost it. */
  | { readonly kind: 'exit'; readonly exitCode: number }
  /** The run process was ended by this signal. */
  | { readonly kind: 'signal'; readonly signalCode: string }
  /** Somebody asked for its end: the program that started it, or whoever attached to it. */
  | { readonly kind: 'killed' }
  /** The run took longer than its limit. */
  | { readonly kind: 'timeout' }
  /** The run process is gone and left no word. */
  | { readonly kind: 'lost' }
  /** The run process ended as if all were well, but its home, which alone could tell, cannot be read; the message says what to do. Never recorded. */
  | { readonly kind: 'unread'; readonly message: string };

/** Why somebody ends a run. */
export type RunEnding = 'killed' | 'timeout';

/** Status and reason of a run, which belong together. */
export type RunState =
  | { readonly status: 'running' }
  | { readonly status: 'successful' }
  | { readonly status: 'failed'; readonly reason: RunReason }
  | { readonly status: 'timeout'; readonly reason: RunReason };

/** A `RunState` that will not change any more. */
export type FinalRunState = Exclude<RunState, { status: 'running' }>;

/** What a task, or one attempt of it, is doing. */
export type TaskStatus = 'running' | 'successful' | 'failed';

/** Why a task is not successful. */
export type TaskReason =
  /** The step threw. */
  | { readonly kind: 'exception'; readonly message: string }
  /** The task's process ended with this status before the step was done. */
  | { readonly kind: 'exit'; readonly exitCode: number }
  /** The task's process was ended by this signal. */
  | { readonly kind: 'signal'; readonly signalCode: string }
  /** The attempt took longer than the limit of its step, and was ended. */
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** The task was stopped because its run was ending. */
  | { readonly kind: 'stopped' }
  /** The run process is gone and left no word. */
  | { readonly kind: 'lost' };

/** Status and reason of a task, which belong together. */
export type TaskState =
  | { readonly status: 'running' }
  /** `caught` is why it would have failed if its step did not catch errors. */
  | { readonly status: 'successful'; readonly caught?: TaskReason | undefined }
  | { readonly status: 'failed'; readonly reason: TaskReason };

/** A `TaskState` that will not change any more. */
export type FinalTaskState = Exclude<TaskState, { status: 'running' }>;

/** A reason in words, without a full stop: `start/1 failed: no such file`. */
export function describeReason(reason: RunReason | TaskReason): string {
  switch (reason.kind) {
    case 'task':
      return `${reason.pathspec} failed: ${reason.message}`;
    case 'exception':
      return reason.message;
    case 'exit':
      return `its process ended with exit status ${reason.exitCode}${reason.exitCode === 0 ? ' before it was done' : ''}`;
    case 'signal':
      return `its process was ended by ${reason.signalCode}`;
    case 'killed':
      return 'it was ended on request';
    case 'stopped':
      return 'it was stopped because its run was ending';
    case 'timeout':
      return `it took longer than ${'timeoutMs' in reason ? `the ${reason.timeoutMs} ms that its step allows` : 'its limit'}`;
    case 'lost':
      return 'its process is gone';
    case 'unread':
      return `what became of it cannot be read: ${reason.message}`;
  }
}
