import { inspect } from 'node:util';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import type { RunStatus } from '../core/status.ts';
import { Run } from './run.ts';
import type { StoreLease } from './store-lease.ts';
/** Which runs to list. */
export interface RunsOptions {
    /** Only runs that have all of these, user or system tags. */
    readonly tags?: readonly string[] | undefined;
    /** Only runs in this state, or in one of these. A run whose process is gone is failed. */
    readonly status?: RunStatus | readonly RunStatus[] | undefined;
    /** Only runs that this user started. @default everyone's */
    readonly user?: string | undefined;
    /** Only runs created at this time or later. */
    readonly since?: Date | undefined;
    /** How many at most, 0 or more. @default all */
    readonly limit?: number | undefined;
}
/**
 * A flow that has runs in a home. Iterating over it gives its runs, newest first.
 *
 * @example
 * for await (const run of home.flow<SlowFlow>('SlowFlow').runs({ status: 'failed', limit: 20 })) {
 *   console.log(run.pathspec, run.finishedAt, run.reason);
 * }
 */
export declare class Flow<F extends FlowShape = AnyFlow> {
    #private;
    /** Its name. */
    readonly id: string;
    /** The same as `id`. */
    readonly pathspec: string;
    /** Made by a `Home`. */
    constructor(lease: StoreLease, name: string, createdAt?: Date);
    /** When its first run was made; `undefined` in a handle from `home.flow()` until `refresh()`. */
    get createdAt(): Date | undefined;
    /**
     * Reads the flow, into this handle.
     *
     * @throws {NotFoundError} when the home has no such flow
     */
    refresh(): Promise<this>;
    /**
     * Lists runs, newest first, page by page: leaving the loop early costs nothing.
     *
     * @throws {RangeError} when `limit`, `since` or `status` is none
     * @throws {NotFoundError} at the first step of the loop, when the home has no such flow
     */
    runs({ tags, status, user, since, limit }?: RunsOptions): AsyncIterableIterator<Run<F>>;
    [Symbol.asyncIterator](): AsyncIterableIterator<Run<F>>;
    /**
     * The newest run.
     *
     * @throws {NotFoundError} when the home has no such flow
     */
    latestRun(): Promise<Run<F> | undefined>;
    /**
     * The newest run that was successful.
     *
     * @throws {NotFoundError} when the home has no such flow
     */
    latestSuccessfulRun(): Promise<Run<F> | undefined>;
    toString(): string;
    [inspect.custom](): string;
}
