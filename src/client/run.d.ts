import { inspect } from 'node:util';
import type { RecordedEvent } from '../core/events.ts';
import type { AnyFlow, Artifacts, FlowShape, ParameterValues } from '../core/flow-shape.ts';
import { type RunReason, type RunStatus } from '../core/status.ts';
import type { RunRecord } from '../store/run-store.ts';
import type { Artifact } from './artifact.ts';
import { type ArtifactName, type Data } from './data.ts';
import { Step } from './step.ts';
import type { StoreLease } from './store-lease.ts';
import { Task } from './task.ts';
/** Which user tags to take from a run and which to give it. */
export interface TagChange {
    readonly remove?: readonly string[] | undefined;
    readonly add?: readonly string[] | undefined;
}
/**
 * One execution of a flow, as it was when it was read; `refresh()` reads it again and `watch()` follows it. Iterating
 * over it gives its steps, newest first.
 *
 * @example
 * const run = await home.run<SlowFlow>('SlowFlow/1763719200123456');
 * if (run.successful) console.log(await run.data.seconds);
 */
export declare class Run<F extends FlowShape = AnyFlow> {
    #private;
    readonly id: string;
    readonly flowName: string;
    /** `Flow/run`. */
    readonly pathspec: string;
    /**
     * What the run's end task left, and the run's parameters: `await run.data.model` loads one artifact, or rejects with
     * `NotFoundError`. An artifact named `then` is only to be had from `load`.
     */
    readonly data: Data<F>;
    /** Made by the other handles. */
    constructor(lease: StoreLease, record: RunRecord);
    get status(): RunStatus;
    /** Why it is not successful. */
    get reason(): RunReason | undefined;
    get successful(): boolean;
    /** Whether it has ended, successful or not. */
    get finished(): boolean;
    get createdAt(): Date;
    /** For a lost run, when it was last heard of. */
    get finishedAt(): Date | undefined;
    /** Who started it. */
    get user(): string;
    /** System tags and user tags. */
    get tags(): readonly string[];
    /** In alphabetical order. */
    get userTags(): readonly string[];
    get systemTags(): readonly string[];
    /** The run it was resumed from. */
    get originRunId(): string | undefined;
    /** The values its parameters have. */
    get parameters(): ParameterValues<F>;
    /** What was executed. */
    get command(): readonly string[];
    /**
     * Reads the run again, into this handle.
     *
     * @throws {NotFoundError} when it is no longer there
     */
    refresh(): Promise<this>;
    /**
     * Loads several artifacts at once.
     *
     * @throws {NotFoundError} when neither the end task nor the parameters have one of these names
     *
     * @example
     * const { model, score } = await run.load('model', 'score');
     */
    load<N extends ArtifactName<F>>(...names: readonly N[]): Promise<Pick<Artifacts<F>, N>>;
    /** What the end task left, by name; nothing while there is no finished end task. */
    artifacts(): AsyncIterableIterator<Artifact>;
    /** The steps that have started, newest first. */
    steps(): AsyncIterableIterator<Step<F>>;
    [Symbol.asyncIterator](): AsyncIterableIterator<Step<F>>;
    /** The tasks of all steps, newest first. */
    tasks(): AsyncIterableIterator<Task<F>>;
    /** The task because of which the run failed, or that was running when the run was lost; one that was merely stopped is none. */
    failedTask(): Promise<Task<F> | undefined>;
    /** The task of the step `end`, once it has started. */
    endTask(): Promise<Task<F> | undefined>;
    /**
     * Labels the run, and refreshes it. Its place among the runs does not change, nor does `createdAt`.
     *
     * @param tags of 1 to 500 characters; a run has at most 50
     * @throws {InvalidOptionError} when a tag is empty or too long, or when there would be too many
     */
    addTags(tags: string | readonly string[]): Promise<void>;
    /**
     * Takes labels off the run, and refreshes it; those it does not have do not matter.
     *
     * @throws {InvalidOptionError} when one is a system tag
     */
    removeTags(tags: string | readonly string[]): Promise<void>;
    /**
     * Removes, then adds, in one step; refreshes the run.
     *
     * @throws {InvalidOptionError} as `addTags` and `removeTags`
     *
     * @example
     * await run.replaceTags({ remove: ['candidate'], add: ['released'] });
     */
    replaceTags({ remove, add }: TagChange): Promise<void>;
    /**
     * What happened in the run from its beginning and what happens from now on, until it has ended or is lost. The run is
     * refreshed before each event is given out. Leaving the loop stops the watching, never the run.
     *
     * @throws the reason of `signal` when it is aborted
     *
     * @example
     * for await (const event of run.watch()) console.log(event.type, event.pathspec, run.status);
     */
    watch({ signal }?: {
        readonly signal?: AbortSignal | undefined;
    }): AsyncIterableIterator<RecordedEvent>;
    toString(): string;
    [inspect.custom](): string;
}
