import type { RunEvent, TaskOutput } from '../core/events.ts';
import { type FinalRunState } from '../core/status.ts';
import type { Graph } from '../flow/graph.ts';
import type { ArtifactRecord, ExceptionRecord, RunReader, RunWriter } from '../store/run-store.ts';
import type { LogFollower } from './log-follower.ts';
import type { WorkerPool } from './worker-pool.ts';
/** Why a run is stopped from outside. */
export type Stop = {
  readonly kind: 'signal';
  readonly signalCode: 'SIGINT' | 'SIGTERM' | 'SIGHUP';
};
/** A run that exists and what it needs to go on. */
export interface RunSetup {
  readonly home: string;
  readonly graph: Graph;
  readonly writer: RunWriter;
  readonly store: RunReader;
  readonly pool: WorkerPool;
  readonly logs: LogFollower;
  readonly report: (event: RunEvent | TaskOutput, exception?: ExceptionRecord) => void;
  /** Aborted, with a `Stop` as its reason, when the run is to end early. */
  readonly signal: AbortSignal;
  readonly parameters: string;
  readonly user: string;
  readonly tags: readonly string[];
  readonly originRunId: string | undefined;
  readonly maxWorkers: number;
  readonly maxLogBytes: number;
  readonly graceMs: number;
}
/** A task that everything it waits for is there for. */
export interface ReadyTask {
  readonly step: string;
  readonly parentIds: readonly string[];
  readonly inherited: readonly ArtifactRecord[];
}
/**
 * Executes tasks, beginning with `first`, until none is left, one failed, or the run is stopped; records and reports all
 * of it. Resolves with what the run came to, when no worker is left.
 *
 * @throws {RacewayError} `SUPERSEDED` when the run was recorded as ended by someone else
 */
export declare function runFlow(setup: RunSetup, first: readonly ReadyTask[]): Promise<FinalRunState>;
