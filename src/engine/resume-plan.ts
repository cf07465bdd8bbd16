import { RacewayError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Graph } from '../flow/graph.ts';
import { fits } from './fits.ts';
import type { ClonedTask, StepRecord, TaskRecord, TransitionRecord } from '../store/run-store.ts';

/** Why a step, or a task of it, is executed in a resumed run. */
export type RerunReason =
  | 'it failed'
  | 'it was stopped'
  | 'it never started'
  | 'at or after the step to rerun'
  | 'an ancestor runs again'
  | 'its source changed'
  | 'it read a parameter or config that changed';

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
  readonly clones: readonly PlannedClone[];
  readonly steps: readonly StepPlan[];
  /** Steps that are taken over although their source changed. */
  readonly changedSteps: readonly string[];
}

/** A task that is to be taken over, as it will be in the new run: ids count from 1 in the order of the origin run. */
export interface PlannedClone extends ClonedTask {
  readonly transition: TransitionRecord | undefined;
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
export function planResume(request: ResumeRequest): ResumePlan {
  const { graph, tasks } = request;
  const changed = changedSteps(request);
  const dirty = request.stepToRerun === undefined ? new Set<string>() : stepsFrom(graph, request.stepToRerun);
  const kept = new Set<string>();
  const clones: TaskRecord[] = [];
  const plans = new Map(
    [...graph.steps.keys()].map((name) => [name, { cloned: 0, rerun: new Map<RerunReason, number>() }]),
  );
  for (const task of tasks) {
    const reason = rerunReason(task, { ...request, dirty, changed, kept });
    const plan = plans.get(task.step);
    if (reason !== undefined) {
      plan?.rerun.set(reason, (plan.rerun.get(reason) ?? 0) + 1);
      continue;
    }
    if (plan !== undefined) plan.cloned += 1;
    kept.add(task.id);
    clones.push(task);
  }
  refuseUnlessFitting(graph, clones);
  for (const plan of plans.values()) {
    if (plan.cloned === 0 && plan.rerun.size === 0) plan.rerun.set('it never started', 1);
  }
  const cloned = new Set(clones.map(({ step }) => step));
  return {
    clones: renumber(clones, request.steps),
    steps: [...plans].map(([step, plan]) => ({ step, ...plan })),
    changedSteps: [...changed].filter((step) => cloned.has(step)),
  };
}

function rerunReason(
  task: TaskRecord,
  {
    dirty,
    changed,
    kept,
    rerunChanged,
    changedParameters,
  }: Pick<ResumeRequest, 'rerunChanged' | 'changedParameters'> & {
    dirty: ReadonlySet<string>;
    changed: ReadonlySet<string>;
    kept: ReadonlySet<string>;
  },
): RerunReason | undefined {
  if (dirty.has(task.step)) return 'at or after the step to rerun';
  const { state } = task;
  if (state.status !== 'successful') {
    return state.status === 'failed' && state.reason.kind !== 'stopped' ? 'it failed' : 'it was stopped';
  }
  if (rerunChanged && changed.has(task.step)) return 'its source changed';
  // What was not recorded cannot be ruled out.
  const read = task.reads?.parameters ?? [...changedParameters];
  if (read.some((name) => changedParameters.has(name))) return 'it read a parameter or config that changed';
  if (!task.parentIds.every((id) => kept.has(id))) return 'an ancestor runs again';
  return undefined;
}

function changedSteps({ graph, steps }: ResumeRequest): ReadonlySet<string> {
  const isChanged = ({ name, sourceSha256 }: StepRecord): boolean => {
    const now = graph.steps.get(name);
    return now !== undefined && now.sourceSha256 !== sourceSha256;
  };
  return new Set(steps.filter(isChanged).map(({ name }) => name));
}

/** The step and everything that can be reached from it. */
function stepsFrom(graph: Graph, step: string): ReadonlySet<string> {
  if (!graph.steps.has(step)) {
    const names = [...graph.steps.keys()];
    const meant = nearest(step, names);
    throw new RacewayError(
      'RESUME',
      `cannot resume from step "${step}": the flow has no such step`,
      meant === undefined ? `Its steps are ${names.join(', ')}.` : `Did you mean ${meant}?`,
    );
  }
  const reached = new Set<string>();
  const waiting = [step];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    waiting.push(...(graph.steps.get(name)?.transition?.steps ?? []));
  }
  return reached;
}

function renumber(tasks: readonly TaskRecord[], steps: readonly StepRecord[]): readonly PlannedClone[] {
  const newIds = new Map(tasks.map(({ id }, index) => [id, String(index + 1)]));
  const newId = (id: string): string => newIds.get(id) ?? id;
  const sources = new Map(steps.map(({ name, sourceSha256 }) => [name, sourceSha256]));
  return tasks.map(({ id, step, parentIds, frames, transition }) => ({
    originTaskId: id,
    taskId: newId(id),
    step,
    sourceSha256: sources.get(step) ?? '',
    parentIds: parentIds.map(newId),
    frames: frames.map((frame) => ({ ...frame, split: newId(frame.split) })),
    transition,
  }));
}

/** Tasks that are kept must be ones that the flow as it is now could have had. */
function refuseUnlessFitting(graph: Graph, clones: readonly TaskRecord[]): void {
  for (const { step: name, transition } of clones) {
    const step = graph.steps.get(name);
    if (step !== undefined && fits(transition, step.transition)) continue;
    const went = describeTransition(transition);
    const goes = describeTransition(step?.transition);
    throw new RacewayError(
      'RESUME',
      `cannot resume: the flow's graph changed, and step "${name}" of the origin run does not fit it ` +
        (step === undefined ? '(there is no such step now)' : `(it went to ${went} and now goes to ${goes})`),
      step === undefined
        ? 'Name an earlier step to rerun from, or start a new run.'
        : `Rerun from it (resume ${name}), or start a new run.`,
    );
  }
}

function describeTransition(
  transition: { readonly kind: string; readonly steps: readonly string[] } | undefined,
): string {
  if (transition === undefined) return 'nowhere';
  const steps = transition.steps.join(', ');
  return transition.kind === 'linear' ? steps : `${steps} (${transition.kind})`;
}
