import type { Graph } from '../flow/graph.ts';
import type { StepRecord, TaskRecord } from '../store/run-store.ts';
/** Why a step, or a task of it, is executed in a resumed run. */
export type RerunReason =
  | 'it failed'
  | 'it never started'
  | 'at or after the step to rerun'
  | 'an ancestor runs again'
  | 'its source changed'
  | 'it read a parameter that changed';
/** What becomes of one step. */
export interface StepPlan {
  readonly step: string;
  /** How many tasks of the origin run are taken over. */
  readonly cloned: number;
  /** How many tasks of the origin run are executed again, by reason. A step that never started counts one. */
  readonly rerun: ReadonlyMap<RerunReason, number>;
}
export interface ResumePlan {
  /** Tasks of the origin run to take over, in the order of their ids. */
  readonly clones: readonly TaskRecord[];
  readonly steps: readonly StepPlan[];
  /** Steps that are taken over although their source changed. */
  readonly changedSteps: readonly string[];
}
export interface ResumeRequest {
  readonly graph: Graph;
  /** The origin run's tasks in the order of their ids. */
  readonly tasks: readonly TaskRecord[];
  readonly steps: readonly StepRecord[];
  readonly stepToRerun?: string | undefined;
  readonly rerunChanged: boolean;
  /** Parameters whose value differs from the origin run's. */
  readonly changedParameters: ReadonlySet<string>;
}
/**
 * Decides which tasks of an origin run are taken over: those that succeeded, are not at or after the step to rerun, did
 * not read what changed, and whose parents are all taken over.
 *
 * @throws {RacewayError} `RESUME` when there is no such step, or when the flow's graph changed so that the tasks do not fit
 */
export declare function planResume(request: ResumeRequest): ResumePlan;
