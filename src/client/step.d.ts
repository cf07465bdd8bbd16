import { inspect } from 'node:util';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import type { StepRecord } from '../store/run-store.ts';
import type { StoreLease } from './store-lease.ts';
import { Task } from './task.ts';
/**
 * A step of a run that has a task, as it was when it was read; `refresh()` reads it again. Iterating over it gives its
 * tasks, newest first.
 *
 * @example
 * const step = await home.step('SlowFlow/1763719200123456/start');
 * for await (const task of step) console.log(task.pathspec, task.status);
 */
export declare class Step<F extends FlowShape = AnyFlow> {
    #private;
    /** `Flow/run/step`. */
    readonly pathspec: string;
    /** Made by the other handles. */
    constructor(lease: StoreLease, record: StepRecord);
    /** Reads the steps of a run in the order in which they started; for the other handles. */
    static read<F extends FlowShape>(lease: StoreLease, { flow, runId }: {
        flow: string;
        runId: string;
    }): Promise<readonly Step<F>[]>;
    /** Its name. */
    get id(): string;
    get createdAt(): Date;
    /** When its last task ended; `undefined` while one is running. */
    get finishedAt(): Date | undefined;
    /** Whether every task it has so far has ended, successful or not. */
    get finished(): boolean;
    /**
     * Reads the step again, into this handle.
     *
     * @throws {NotFoundError} when it is no longer there
     */
    refresh(): Promise<this>;
    /** Its tasks so far, newest first. */
    tasks(): AsyncIterableIterator<Task<F>>;
    [Symbol.asyncIterator](): AsyncIterableIterator<Task<F>>;
    /**
     * Any one of its tasks; the one there is, for a step outside a foreach.
     *
     * @throws {NotFoundError} when the run is no longer there
     */
    task(): Promise<Task<F>>;
    toString(): string;
    [inspect.custom](): string;
}
