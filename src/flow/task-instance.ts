import type { FlowClass } from './flow-spec.ts';
import { FlowInstance, type TaskField, type TaskInputs } from './flow-instance.ts';
import type { Transition } from './transition.ts';

export type { TaskField, TaskInputs } from './flow-instance.ts';
export type { JoinInput } from './inputs.ts';

/** An instance of a flow for one task. */
export interface TaskInstance {
  /**
   * Runs the step; once. Rejects with what the step threw.
   *
   * @throws {RacewayError} `NOT_FOUND` when there is no such step; `FLOW_DEFINITION` when the step returned without
   *   `this.next()`, or is `end` and called it
   */
  run(stepName: string): Promise<void>;
  /** What the step said with `this.next()`, so far. */
  readonly transition: Transition | undefined;
  /** The fields as they are now; parameters, steps and the class's own functions are none. */
  fields(): readonly TaskField[];
  /** The parameters read so far, by the step or for a field it has, in the order of their definition. */
  readonly parameterReads: readonly string[];
}

/**
 * Makes the instance that a task runs on. Whatever an initialiser of the class throws goes to the caller.
 *
 * @example
 * const task = createTask(SlowFlow, { parameters: { seconds: 3 }, inherited: [], load });
 * await task.run('start');
 * task.transition; // { kind: 'linear', steps: ['end'] }
 */
export function createTask(flowClass: FlowClass, inputs: TaskInputs): TaskInstance {
  return FlowInstance.construct(flowClass, inputs);
}
