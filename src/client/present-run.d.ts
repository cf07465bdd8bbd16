import type { RunReader, RunRecord } from '../store/run-store.ts';
/**
 * A run as it is to be shown: one that is recorded as running but whose process is gone is failed, lost, and ended when
 * it was last heard of.
 */
export declare function presentRun(recorded: RunRecord, reader: RunReader): Promise<RunRecord>;
