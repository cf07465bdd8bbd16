import type { TaskRecord } from '../store/run-store.ts';
import { type TaskLogLine } from './log-lines.ts';
import type { StoreLease } from './store-lease.ts';
/** One of a task's two output streams. */
export type LogStream = 'stdout' | 'stderr';
/** Which attempt's log. */
export interface LogOptions {
    /** From 0; for a cloned task, among the attempts of the task it was cloned from. @default the latest */
    readonly attempt?: number | undefined;
}
/** Everything that an attempt has written so far. */
export declare function logText(lease: StoreLease, { task, stream, attempt }: {
    task: TaskRecord;
    stream: LogStream;
} & LogOptions): Promise<string>;
/** The lines of an attempt, those to come included, until the attempt has ended. */
export declare function followLog(lease: StoreLease, { task, stream, attempt, signal }: {
    task: TaskRecord;
    stream: LogStream;
    signal: AbortSignal;
} & LogOptions): AsyncGenerator<TaskLogLine>;
