import type { CardPolicy } from '../flow/step-policy.ts';
import type {
  ArtifactRecord,
  CardRecord,
  ExceptionRecord,
  FrameRecord,
  NewBlob,
  ReadsRecord,
  TransitionRecord,
} from '../store/run-store.ts';

/**
 * What a run process and its workers say to each other, over Node's IPC channel with structured clone. Both ends are the
 * same version of this library in the same run, so the messages are trusted.
 */

/** What all tasks of a run have in common; a worker is told once. */
export interface RunFacts {
  readonly home: string;
  readonly flow: string;
  readonly runId: string;
  readonly originRunId: string | undefined;
  readonly user: string;
  readonly tags: readonly string[];
  /** As `encodeText` writes them. */
  readonly parameters: string;
  /** How many children a foreach may have. */
  readonly maxNumSplits: number;
  /** The decorators that every step has besides its own, as `--with` names them. */
  readonly with: readonly string[];
  /** What no artifact may hold. */
  readonly secrets: readonly string[];
}

/** What is a task's own. */
export interface TaskFacts {
  readonly step: string;
  readonly taskId: string;
  readonly attempt: number;
  /** The splits the task stands in, outermost first. */
  readonly frames: readonly FrameRecord[];
  /** What the parent task left; nothing for a join. */
  readonly inherited: readonly ArtifactRecord[];
  /** For a join: the tasks that meet in it, in the order of the split, and what each left. */
  readonly inputs: readonly JoinedTask[] | undefined;
  /** For a join without inputs: the task whose foreach had no items. */
  readonly split?: JoinedTask | undefined;
  /** Environment variables for this task, its secrets among them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly cards: readonly CardPolicy[];
  /** A folder of the task's own, not made yet. */
  readonly tempdir: string;
  readonly logs: { readonly stdout: string; readonly stderr: string };
}

/** Everything that a worker has to know to execute a task. */
export type TaskOrder = RunFacts & TaskFacts;

/** From the run process. The facts of the run come before the first task. */
export type OrderMessage =
  { readonly type: 'run'; readonly run: RunFacts } | { readonly type: 'task'; readonly task: TaskFacts };

/** One of the tasks that meet in a join. */
export interface JoinedTask {
  readonly taskId: string;
  /** The step that its branch began with. */
  readonly branch: string;
  readonly artifacts: readonly ArtifactRecord[];
}

/** What became of an attempt, as far as its worker lived to tell. */
export type TaskOutcome = {
  readonly cards: readonly CardRecord[];
  /** The contents of artifacts and cards. */
  readonly blobs: readonly NewBlob[];
} & (
  | {
      readonly status: 'successful';
      readonly transition: TransitionRecord | undefined;
      readonly artifacts: readonly ArtifactRecord[];
      readonly reads: ReadsRecord;
    }
  | {
      readonly status: 'failed';
      readonly exception: ExceptionRecord;
      /** As far as the task came to be. */
      readonly reads: ReadsRecord | undefined;
    }
);

/** From a worker. */
export type WorkerMessage =
  /** The flow is loaded; give me a task. */
  | { readonly type: 'ready' }
  /** It cannot serve: not the task that it was given, none of whose code ran, nor any other. Also said unasked. */
  | { readonly type: 'unusable'; readonly message: string }
  /** Something was printed; have a look at the log. */
  | { readonly type: 'printed' }
  | {
      readonly type: 'done';
      readonly outcome: TaskOutcome;
      /** What the task left behind in the process (a timer, another working folder): then it is not used again. */
      readonly leftovers: readonly string[];
      /** Whether a task failed here after its end: then it is not used again either. */
      readonly isSpoilt: boolean;
      /** Whether another process may have the task's logs open. */
      readonly sharesLogs: boolean;
    };

/** The environment variable that makes a flow script a worker. */
export const WORKER_VARIABLE = 'RACEWAY_WORKER';
