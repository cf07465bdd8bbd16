import type { RecordedEvent } from '../core/events.ts';
import type { ProcessIdentity } from '../core/process-identity.ts';
import type {
  FinalRunState,
  FinalTaskState,
  RunEnding,
  RunReason,
  RunState,
  RunStatus,
  TaskReason,
  TaskState,
} from '../core/status.ts';

/** Times are milliseconds since the epoch throughout the store. */
export type TimeMs = number;

/** Where a value is. Equal content has equal `sha256`. */
export interface BlobRef {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** A named value of a task. */
export interface ArtifactRecord extends BlobRef {
  readonly name: string;
  /** What it is, for people: `string`, `Map`, `Float64Array`. */
  readonly type: string;
}

/** Content on its way into the store: in the message, or already in a file that `prepareBlob` wrote. */
export interface NewBlob extends BlobRef {
  readonly bytes?: Uint8Array | undefined;
  /** Where large content waits to be committed; the commit moves it to its place. */
  readonly stagedFile?: string | undefined;
}

/** The run that content is made for: until it is committed it is that run's, and goes with it. */
export interface BlobOwner {
  readonly home: string;
  readonly flow: string;
  readonly runId: string;
}

/** A report of a task: an HTML file that needs nothing else. */
export interface CardRecord extends BlobRef {
  /** Tells several cards of one task apart. */
  readonly id: string;
  readonly type: string;
}

/** `spin` is one task of an earlier run, executed again alone; lists of runs leave it out unless asked. */
export type RunKind = 'run' | 'spin';

export interface RunRecord {
  readonly flow: string;
  readonly id: string;
  /** Larger than that of every run which is in the home when it is made; for paging. */
  readonly position: number;
  readonly kind: RunKind;
  readonly state: RunState;
  readonly createdAt: TimeMs;
  readonly finishedAt: TimeMs | undefined;
  readonly user: string;
  readonly userTags: readonly string[];
  readonly systemTags: readonly string[];
  readonly originRunId: string | undefined;
  /** Parameter values, as `encodeText` of `store/encoding.ts` writes them. */
  readonly parameters: string;
  readonly command: readonly string[];
  readonly process: ProcessIdentity;
  readonly heartbeatAt: TimeMs;
}

export interface StepRecord {
  readonly flow: string;
  readonly runId: string;
  readonly name: string;
  readonly createdAt: TimeMs;
  /** When its last task ended; `undefined` while one is running. */
  readonly finishedAt: TimeMs | undefined;
  /** Identifies the source the step had, so that a resume can tell whether it changed. */
  readonly sourceSha256: string;
}

/** What the step threw, kept as data. */
export interface ExceptionRecord {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** Where a task went when it was done. */
export interface TransitionRecord {
  readonly kind: 'linear' | 'branch' | 'foreach' | 'switch';
  readonly steps: readonly string[];
  /** What a foreach went over, each as `encodeText` writes it: fixed once, also for a resume. */
  readonly items?: readonly string[] | undefined;
}

/** Where a task stands in one of the splits around it. */
export interface FrameRecord {
  /** The id of the task that split. */
  readonly split: string;
  /** Which of its branches or items this is, from 0. */
  readonly slot: number;
  /** How many there are. */
  readonly count: number;
  /** The step that the branch, or the iteration, began with. */
  readonly name: string;
  /** The item of a foreach, as `encodeText` writes it. */
  readonly item?: string | undefined;
}

/** What a task looked at: a resume with another parameter value runs those again that read it. */
export interface ReadsRecord {
  readonly parameters: readonly string[];
}

/** How many bytes the logs of an attempt had when it ended; something that outlived it may have written more since. */
export interface LogBytes {
  readonly stdout: number;
  readonly stderr: number;
}

export interface AttemptRecord {
  readonly number: number;
  readonly state: TaskState;
  readonly startedAt: TimeMs;
  readonly finishedAt: TimeMs | undefined;
  readonly pid: number;
  readonly exception: ExceptionRecord | undefined;
  /** `undefined` while it runs, and when nobody was there to see its end. */
  readonly logBytes: LogBytes | undefined;
}

export interface TaskRecord {
  readonly flow: string;
  readonly runId: string;
  readonly step: string;
  /** A counter within the run, from 1. */
  readonly id: string;
  readonly state: TaskState;
  readonly createdAt: TimeMs;
  readonly finishedAt: TimeMs | undefined;
  /** The number of the latest attempt, from 0. */
  readonly attempt: number;
  /** The splits it stands in, outermost first. */
  readonly frames: readonly FrameRecord[];
  /** Position in the innermost foreach. */
  readonly index: number | undefined;
  /** The task it was cloned from; in a run of kind `spin`, the one that it executes once more. */
  readonly originPathspec: string | undefined;
  readonly exception: ExceptionRecord | undefined;
  readonly transition: TransitionRecord | undefined;
  readonly reads: ReadsRecord | undefined;
  /** Of the latest attempt; of a clone, that of the task it was cloned from. */
  readonly logBytes: LogBytes | undefined;
  /** Ids of the tasks this one follows. */
  readonly parentIds: readonly string[];
}

export interface NewRun {
  readonly flow: string;
  /** @default 'run' */
  readonly kind?: RunKind | undefined;
  readonly user: string;
  readonly userTags: readonly string[];
  readonly systemTags: readonly string[];
  readonly originRunId?: string | undefined;
  readonly parameters: string;
  readonly command: readonly string[];
  readonly process: ProcessIdentity;
}

export interface NewTask {
  readonly step: string;
  readonly sourceSha256: string;
  readonly parentIds: readonly string[];
  readonly frames: readonly FrameRecord[];
  /** The task of another run that this one executes once more: of a spin. */
  readonly originPathspec?: string | undefined;
}

/** One attempt at a task, over: everything of it goes into the store at once or not at all. */
export interface AttemptResult {
  readonly taskId: string;
  readonly attempt: number;
  readonly state: FinalTaskState;
  readonly exception?: ExceptionRecord | undefined;
  readonly transition?: TransitionRecord | undefined;
  readonly reads?: ReadsRecord | undefined;
  readonly logBytes?: LogBytes | undefined;
  /** Whether another attempt follows: until the run has ended, the task counts as running then. @default false */
  readonly isRetried?: boolean | undefined;
  readonly artifacts: readonly ArtifactRecord[];
  readonly cards?: readonly CardRecord[] | undefined;
  /** The contents that the store may not have yet. */
  readonly blobs: readonly NewBlob[];
}

/** A finished task of an origin run that a new run takes over, as it is in the new run. */
export interface ClonedTask extends Pick<NewTask, 'step' | 'sourceSha256' | 'parentIds' | 'frames'> {
  readonly originTaskId: string;
  readonly taskId: string;
}

/** Which runs to list, newest first. */
export interface RunQuery {
  /** @default 'run' */
  readonly kind?: RunKind | undefined;
  /** All of them must be there. */
  readonly tags?: readonly string[] | undefined;
  readonly user?: string | undefined;
  /** Only runs created at this time or later. */
  readonly since?: TimeMs | undefined;
  /** Only runs recorded with one of these; the store does not know whether a process is still there. */
  readonly statuses?: readonly RunStatus[] | undefined;
  readonly limit?: number | undefined;
  /** Only runs at a smaller position: what was listed may be removed while the listing goes on. */
  readonly before?: number | undefined;
}

export interface FlowRecord {
  readonly name: string;
  readonly createdAt: TimeMs;
}

/** The reading side: any number of readers, from any process, never blocked by a writer. */
export interface RunReader {
  flows(): Promise<readonly FlowRecord[]>;
  flow(name: string): Promise<FlowRecord | undefined>;
  runs(flow: string, query: RunQuery): Promise<readonly RunRecord[]>;
  run(flow: string, runId: string): Promise<RunRecord | undefined>;
  /** Steps that have a task, in the order in which they started. */
  steps(flow: string, runId: string): Promise<readonly StepRecord[]>;
  /** Tasks in the order of their ids. */
  tasks(flow: string, runId: string, step?: string): Promise<readonly TaskRecord[]>;
  task(flow: string, runId: string, taskId: string): Promise<TaskRecord | undefined>;
  attempts(flow: string, runId: string, taskId: string): Promise<readonly AttemptRecord[]>;
  /** Artifacts of the task's latest attempt, by name. */
  artifacts(flow: string, runId: string, taskId: string): Promise<readonly ArtifactRecord[]>;
  /** The same of every task of the run, by the task's id; a task that left nothing is not there. */
  artifactsByTask(flow: string, runId: string): Promise<ReadonlyMap<string, readonly ArtifactRecord[]>>;
  /** Cards of the task's latest attempt that has some, by id. */
  cards(flow: string, runId: string, taskId: string): Promise<readonly CardRecord[]>;
  /** What happened in the run after event `after`, oldest first. */
  events(flow: string, runId: string, after: number): Promise<readonly RecordedEvent[]>;
  /** The content, checked against its hash. @throws {RacewayError} `ARTIFACT` when it is gone or damaged */
  readBlob(blob: BlobRef): Promise<Uint8Array>;
  /** The same at once, for a step that touches an inherited artifact. */
  readBlobSync(blob: BlobRef): Uint8Array;
  /** The step of which a task was the first in the run to leave this; also at once. */
  makerSync(flow: string, runId: string, artifact: Pick<ArtifactRecord, 'name' | 'sha256'>): string | undefined;
}

/** How a run was found ended. */
export interface RunEnd {
  readonly status: 'failed' | 'timeout';
  readonly reason: RunReason;
  /** When that was, if it was not just now: whoever finds it may look hours later. @default now */
  readonly endedAt?: TimeMs | undefined;
}

/** What anyone may write to a run. */
export interface RunLabels {
  /** Removes, then adds, in one transaction; never touches `createdAt`. */
  changeTags(
    flow: string,
    runId: string,
    change: { add?: readonly string[]; remove?: readonly string[] },
  ): Promise<void>;
  /**
   * Notes that somebody is about to end a run, which then knows more of its end than the signal that it gets; the first who
   * does so counts. Changes nothing in one that has ended, and waits for nobody who has the store locked.
   */
  recordEnding(flow: string, runId: string, ending: RunEnding): Promise<void>;
  /**
   * Records that a run was found ended, unless someone was faster: only a run that is still recorded as running, or
   * that only knows by which signal it ended, changes. One that is lost ended when it was last heard of. An end by a
   * signal, or without a word, is the ending that was noted, if one was.
   */
  recordEnd(flow: string, runId: string, end: RunEnd): Promise<boolean>;
}

/** The writing side of one run, in the hands of its run process. */
export interface RunWriter {
  readonly flow: string;
  readonly runId: string;
  readonly createdAt: TimeMs;
  /** Copies finished tasks of the origin run: rows only, in one transaction. */
  cloneTasks(originRunId: string, tasks: readonly ClonedTask[]): Promise<void>;
  /** Stores contents that a task is about to be given; they stay as long as the run does. */
  addBlobs(blobs: readonly NewBlob[]): Promise<void>;
  /** Makes the task and its attempt 0; returns the task's id. */
  startTask(task: NewTask, pid: number): Promise<string>;
  /** Makes a further attempt, or notes that one that could not begin has got another process. */
  startAttempt(taskId: string, attempt: number, pid: number): Promise<void>;
  /** @throws {RacewayError} `SUPERSEDED` when the run was recorded as ended in the meantime */
  finishAttempt(result: AttemptResult): Promise<void>;
  /** @throws {RacewayError} `SUPERSEDED` as above */
  beat(): Promise<void>;
  /**
   * Ends the run; tasks still recorded as running are stopped with `reason`. An end by a signal is the ending that was noted, if
   * one was. Returns what is recorded, and nothing when someone else had ended it.
   */
  finish(state: FinalRunState, unfinished?: TaskReason): Promise<FinalRunState | undefined>;
}

/** How much of something there was. */
export interface Amount {
  readonly count: number;
  readonly sizeBytes: number;
}

/** What nothing refers to any more, by what it is. */
export interface Garbage {
  /** Contents of artifacts and cards that no run has. */
  readonly contents: Amount;
  /** Logs of runs that were removed, but for those that a resumed run still shows. */
  readonly logs: Amount;
  /** The output of detached runs that were removed. */
  readonly detached: Amount;
  /** Copies of cards that were made for a browser. */
  readonly cardPages: Amount;
  /** What processes were writing, or had put aside for a task, when they died. */
  readonly temporary: Amount;
  /** By how much the database gets smaller, in bytes. */
  readonly databaseBytes: number;
  /** A damaged database that was put aside: as long as it is there, all logs and contents are kept, which it may know of. */
  readonly putAside: string | undefined;
}

/** How to collect garbage. */
export interface GarbageOptions {
  /** Only says what there is. */
  readonly dryRun: boolean;
  /** Whether a process that a run is recorded with is known not to be there. */
  readonly isGone: (process: ProcessIdentity) => boolean;
  /** Whether a process may have a file open; also true when nobody can tell. */
  readonly isHeld: (file: string) => boolean;
}

/** Content that somebody has and that is not there as it was stored. */
export interface DamagedContent {
  readonly sha256: string;
  readonly what: 'is missing' | 'is damaged' | 'cannot be read';
  /** The artifacts and cards that have it, three at most: `Flow/run/step/task/name`. */
  readonly places: readonly string[];
}

/** What keeps a home small and sound. It may be done at any time, whatever runs are going on. */
export interface RunUpkeep {
  /**
   * Removes a run with its logs, and its flow when that has no other. Contents stay until garbage is collected, and so does
   * whatever another run shows: the log of a task that was cloned.
   *
   * @throws {NotFoundError} when there is none
   * @throws {RacewayError} `RUNNING` when it, or a run that was made from it, is recorded as running
   */
  removeRun(flow: string, runId: string): Promise<void>;
  /** Looks whether contents are there; with `deep` whether each byte of them is what was stored. */
  damagedContents(options: { deep: boolean }): AsyncIterable<DamagedContent>;
  /** Drops what nothing refers to, and says what it was. */
  collectGarbage(options: GarbageOptions): Promise<Garbage>;
}

/**
 * A store of runs. `test/store/conformance.ts` is what every adapter must pass.
 */
export interface RunStore extends RunReader, RunLabels, RunUpkeep, AsyncDisposable {
  /**
   * Makes a run with an id that no other run of the flow has: microseconds since the epoch.
   *
   * @throws {NotFoundError} when the origin run is not there
   */
  createRun(run: NewRun): Promise<RunWriter>;
  close(): Promise<void>;
}
