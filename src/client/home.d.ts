import { inspect } from 'node:util';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import type { RunReason } from '../core/status.ts';
import { type HomeLocation } from '../store/home-folder.ts';
import { Flow } from './flow.ts';
import { Run } from './run.ts';
import { Step } from './step.ts';
import { Task } from './task.ts';
/**
 * Opens a home to read the runs in it. Opening one that is open already is cheap.
 *
 * @param location the folder, or where to look for one. Without it the home is found as a flow script finds it:
 *   `RACEWAY_HOME`, else the nearest `.raceway` up from the working folder.
 * @throws {RacewayError} `HOME` when there is none (it is never made), or it cannot be read
 *
 * @example
 * await using home = await openHome();
 * for await (const run of home.flow('SlowFlow').runs({ limit: 5 })) console.log(run);
 */
export declare function openHome(location?: string | HomeLocation): Promise<Home>;
/** A folder that holds runs, open for reading. Iterating over it gives its flows, newest first. */
export declare class Home implements AsyncDisposable {
    #private;
    /** The folder, absolute. */
    readonly path: string;
    /** Made by `openHome`. */
    constructor(path: string);
    /** The flows that have runs here, newest first. */
    flows(): AsyncIterableIterator<Flow>;
    [Symbol.asyncIterator](): AsyncIterableIterator<Flow>;
    /**
     * A flow by its name, at once: whether the home has it comes out when it is first asked for something.
     *
     * @throws {RacewayError} `PATHSPEC` when this cannot be the name of a flow
     */
    flow<F extends FlowShape = AnyFlow>(name: string): Flow<F>;
    /**
     * Reads a run.
     *
     * @param pathspec `Flow/run`
     * @throws {NotFoundError} when there is none
     * @throws {RacewayError} `PATHSPEC` when this is no such pathspec
     */
    run<F extends FlowShape = AnyFlow>(pathspec: string): Promise<Run<F>>;
    /**
     * Reads a step of a run that has started.
     *
     * @param pathspec `Flow/run/step`
     * @throws {NotFoundError} when there is none
     * @throws {RacewayError} `PATHSPEC` when this is no such pathspec
     */
    step<F extends FlowShape = AnyFlow>(pathspec: string): Promise<Step<F>>;
    /**
     * Reads a task.
     *
     * @param pathspec `Flow/run/step/task`
     * @throws {NotFoundError} when there is none
     * @throws {RacewayError} `PATHSPEC` when this is no such pathspec
     */
    task<F extends FlowShape = AnyFlow>(pathspec: string): Promise<Task<F>>;
    /**
     * Records how a run was found ended, for whoever ended it: a run process that is killed leaves no word. A run that has
     * recorded its own end keeps it, unless all it knew was which signal it got.
     *
     * @internal
     * @param pathspec `Flow/run`
     * @returns whether it was recorded
     */
    recordEnd(pathspec: string, end: {
        readonly status: 'failed' | 'timeout';
        readonly reason: RunReason;
    }): Promise<boolean>;
    /** Lets go of the home: what was read from it stays as it is but reads no more. A second call does nothing. */
    close(): Promise<void>;
    /** The same as `close()`. */
    [Symbol.asyncDispose](): Promise<void>;
    toString(): string;
    [inspect.custom](): string;
}
