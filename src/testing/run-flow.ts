import { setImmediate } from 'node:timers/promises';
import { Frontier } from '../engine/frontier.ts';
import { type LeftByTask, leftBy, taskSources } from '../engine/task-sources.ts';
import type { FlowClass, FlowSpec } from '../flow/flow-spec.ts';
import type { LeftArtifacts, StepName, TestedTask } from './tested-task.ts';
import { type TestOptions, TestRun } from './test-run.ts';

/** Options of `runFlow`. */
export interface RunFlowOptions<F extends object> extends TestOptions<F> {
  /** Whether the flow is checked first, as before a run. @default true */
  readonly lint?: boolean | undefined;
}

/** A flow that a test has run to its end. */
export interface TestedFlow<F extends object> {
  /** What the end left, by name. @throws {RangeError} when the flow has no end, which only goes without the lint */
  readonly artifacts: LeftArtifacts<F>;
  /** Every task, in the order in which they ran. */
  readonly tasks: readonly TestedTask<F>[];
  /** The task of a step. @throws {RangeError} when there is none, or more than one */
  task<S extends StepName<F>>(step: S): TestedTask<F, S>;
  /** The tasks of a step, in the order in which they ran; there may be none. */
  tasksOf<S extends StepName<F>>(step: S): readonly TestedTask<F, S>[];
}

/**
 * Runs a flow in this process: its tasks one after the other, in the order in which a run with one worker has them.
 * Values pass between them as in a run, encoded and read again, but nothing is stored.
 *
 * Rejects with what a step threw, the same object; `failedTask` tells in which task.
 *
 * @param options.signal besides: no further task begins once it is aborted
 * @throws {InvalidOptionError} when a parameter is unknown, missing, or has a wrong value
 * @throws {RacewayError} `FLOW_DEFINITION` when the lint finds something, or a step goes where it may not; `ARTIFACT` when
 *   what a step left cannot be stored
 *
 * @example
 * const { artifacts, tasksOf } = await runFlow(Report, { parameters: { year: 2026 } });
 * expect(artifacts.total).toBe(12);
 * expect(tasksOf('fetch')).toHaveLength(3);
 */
export async function runFlow<F extends FlowSpec>(
  flowClass: FlowClass<F>,
  options: RunFlowOptions<F> = {},
): Promise<TestedFlow<F>> {
  const { lint = true, signal } = options;
  const run = await TestRun.begin(flowClass, options, { lint });
  const frontier = new Frontier(run.graph);
  const left = new Map<string, LeftByTask>();
  const tasks: TestedTask<F>[] = [];
  const waiting = [frontier.first()];
  for (const planned of waiting) {
    signal?.throwIfAborted();
    const step = planned.step as StepName<F>;
    const executed = await run.execute({ ...planned, step, ...taskSources(planned, { graph: run.graph, left }) });
    const { artifacts, transition } = executed.left;
    const { id } = executed.task;
    tasks.push(executed.task);
    left.set(id, leftBy(planned, artifacts));
    for (const next of frontier.after({ id, step, frames: planned.frames, transition })) waiting.push(next);
    await setImmediate(); // a flow that goes round for ever must not keep the time limit of a test from striking
  }
  return testedFlow(run.definition.name, tasks);
}

function testedFlow<F extends object>(flowName: string, tasks: readonly TestedTask<F>[]): TestedFlow<F> {
  const tasksOf = <S extends StepName<F>>(step: S): readonly TestedTask<F, S>[] =>
    tasks.filter((task): task is TestedTask<F, S> => task.step === step);
  const task = <S extends StepName<F>>(step: S): TestedTask<F, S> => {
    const [first, ...others] = tasksOf(step);
    if (first !== undefined && others.length === 0) return first;
    const ran = [...new Set(tasks.map((one) => one.step))].join(', ');
    throw new RangeError(
      first === undefined
        ? `No task of step ${step} of ${flowName} has run\nThe steps that ran are: ${ran}.`
        : `Step ${step} of ${flowName} has run ${others.length + 1} times\nAsk for them all with tasksOf('${step}').`,
    );
  };
  return {
    get artifacts() {
      return task('end' as StepName<F>).artifacts;
    },
    tasks,
    task,
    tasksOf,
  };
}
