import type { AttemptRecord, RunReader, TaskRecord } from '../store/run-store.ts';
/** What was known of a task when it was read. */
export interface TaskSnapshot {
    readonly record: TaskRecord;
    readonly attempts: readonly AttemptSnapshot[];
}
/** What was known of an attempt when its task was read. */
export type AttemptSnapshot = Omit<AttemptRecord, 'pid' | 'exception'>;
/** Which tasks to read: all of a run, those of a step, or one. */
export interface TaskQuery {
    readonly flow: string;
    readonly runId: string;
    readonly step?: string | undefined;
    readonly taskId?: string | undefined;
}
/** Tasks in the order of their ids; those that are recorded as running although their run has ended are lost. */
export declare function taskSnapshots(reader: RunReader, { flow, runId, step, taskId }: TaskQuery): Promise<readonly TaskSnapshot[]>;
