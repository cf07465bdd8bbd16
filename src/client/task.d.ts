import { inspect } from 'node:util';
import type { AnyFlow, Artifacts, FlowShape } from '../core/flow-shape.ts';
import { type TaskReason, type TaskStatus } from '../core/status.ts';
import type { ExceptionRecord } from '../store/run-store.ts';
import { Artifact } from './artifact.ts';
import { type ArtifactName, type Data } from './data.ts';
import type { TaskLogLine } from './log-lines.ts';
import type { StoreLease } from './store-lease.ts';
import { type LogOptions, type LogStream } from './task-log.ts';
import { type TaskQuery, type TaskSnapshot } from './task-snapshots.ts';
/** One try of a task, as it was when the task was read. */
export interface Attempt {
    /** From 0. */
    readonly number: number;
    readonly status: TaskStatus;
    /** Why it is not successful. */
    readonly reason: TaskReason | undefined;
    readonly startedAt: Date;
    readonly finishedAt: Date | undefined;
}
/**
 * One execution of a step in a run, as it was when it was read; `refresh()` reads it again. Iterating over it gives its
 * artifacts.
 *
 * @example
 * const task = await home.task<SlowFlow>('SlowFlow/1763719200123456/start/1');
 * if (task.status === 'failed') console.log(task.exception?.stack, await task.stderr());
 */
export declare class Task<F extends FlowShape = AnyFlow> {
    #private;
    /** `Flow/run/step/task`. */
    readonly pathspec: string;
    /**
     * What the task left: `await task.data.model` loads one artifact, or rejects with `NotFoundError`. An artifact named
     * `then` is only to be had from `load`.
     */
    readonly data: Data<F>;
    /** Made by the other handles. */
    constructor(lease: StoreLease, snapshot: TaskSnapshot);
    /** Reads tasks in the order of their ids; for the other handles. */
    static read<F extends FlowShape>(lease: StoreLease, query: TaskQuery): Promise<readonly Task<F>[]>;
    /** A number, counted within the run from 1. */
    get id(): string;
    get stepName(): string;
    get status(): TaskStatus;
    /** Why it is not successful. */
    get reason(): TaskReason | undefined;
    get successful(): boolean;
    /** Whether it has ended, successful or not. */
    get finished(): boolean;
    get createdAt(): Date;
    /** For a lost task, when its run was last heard of. */
    get finishedAt(): Date | undefined;
    /** What the step threw, as data. */
    get exception(): ExceptionRecord | undefined;
    /** In the order in which they were made; the last one is what the task's status speaks of. */
    get attempts(): readonly Attempt[];
    /** Its place in the innermost foreach, from 0. */
    get index(): number | undefined;
    /** The task it was cloned from, when its run is a resumed one. */
    get originPathspec(): string | undefined;
    /**
     * Reads the task again, into this handle.
     *
     * @throws {NotFoundError} when it is no longer there
     */
    refresh(): Promise<this>;
    /**
     * Loads several artifacts at once.
     *
     * @throws {NotFoundError} when the task left no artifact of one of these names
     *
     * @example
     * const { model, score } = await task.load('model', 'score');
     */
    load<N extends ArtifactName<F>>(...names: readonly N[]): Promise<Pick<Artifacts<F>, N>>;
    /** What the task left, by name. */
    artifacts(): AsyncIterableIterator<Artifact>;
    [Symbol.asyncIterator](): AsyncIterableIterator<Artifact>;
    /**
     * What it has written to stdout so far; a cloned task has the output of the one it was cloned from.
     *
     * @throws {RacewayError} `OUTPUT_TOO_LARGE` beyond 256 MB
     */
    stdout(options?: LogOptions): Promise<string>;
    /** As `stdout()`, for stderr. */
    stderr(options?: LogOptions): Promise<string>;
    /**
     * The lines of one attempt with their times, as they come while it runs, until it has ended. Leaving the loop stops
     * the reading.
     *
     * @throws the reason of `signal` when it is aborted
     *
     * @example
     * for await (const { time, text } of task.logLines('stdout')) console.log(time.toISOString(), text);
     */
    logLines(stream: LogStream, { attempt, signal }?: LogOptions & {
        readonly signal?: AbortSignal | undefined;
    }): AsyncIterableIterator<TaskLogLine>;
    /** The tasks it followed: one, or several when it is a join. */
    parentTasks(): AsyncIterableIterator<Task<F>>;
    /** The tasks that followed it so far. */
    childTasks(): AsyncIterableIterator<Task<F>>;
    toString(): string;
    [inspect.custom](): string;
}
