import { type Home } from '../../src/client/home.ts';
import type { ProcessIdentity } from '../../src/core/process-identity.ts';
import type { AttemptResult, NewRun, NewTask, RunStore, RunWriter } from '../../src/store/run-store.ts';
/** A home in a temporary folder, with the writing side that a run process has. */
export declare class SeededHome implements AsyncDisposable {
    readonly path: string;
    readonly store: RunStore;
    readonly home: Home;
    private constructor();
    static make(): Promise<SeededHome>;
    /** A run of a process that is there: this one. */
    run(facts?: Partial<NewRun> & {
        values?: Record<string, unknown>;
    }): Promise<SeededRun>;
    [Symbol.asyncDispose](): Promise<void>;
}
/** A run in the hands of its run process. */
export declare class SeededRun {
    #private;
    readonly writer: RunWriter;
    readonly pathspec: string;
    constructor(home: string, writer: RunWriter);
    get id(): string;
    /** Starts a task; returns its id. */
    start(step: string, facts?: Partial<NewTask>): Promise<string>;
    /** Ends an attempt, successfully unless `result` says otherwise. */
    finish(taskId: string, { values, ...result }?: {
        values?: Record<string, unknown>;
    } & Partial<AttemptResult>): Promise<void>;
    /** A task from start to end; returns its id. */
    task(step: string, values?: Record<string, unknown>, facts?: Partial<NewTask>): Promise<string>;
    fail(taskId: string, message: string, attempt?: number): Promise<void>;
    /** Writes a log; returns its file. */
    log(taskId: string, text: string, { attempt, stream }?: {
        attempt?: number | undefined;
        stream?: "stderr" | "stdout" | undefined;
    }): Promise<string>;
}
/** A process that does nothing until it is ended. */
export declare function idleProcess(): Promise<{
    identity: ProcessIdentity;
    end(): Promise<void>;
}>;
/** The identity of a process that has ended. */
export declare function deadProcess(): Promise<ProcessIdentity>;
