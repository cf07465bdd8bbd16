import type { GraphStep } from '../flow/graph.ts';
import type { StaticTransition } from '../flow/transition.ts';
import type { TransitionRecord } from '../store/run-store.ts';

/** Whether a task could have gone there, going by the source of its step. */
export function fits(went: TransitionRecord | undefined, says: StaticTransition | undefined): boolean {
  if (went === undefined || says === undefined) return went === says;
  if (went.kind !== says.kind) return false;
  // A switch takes one of its cases, everything else all its steps.
  if (went.kind === 'switch') return went.steps.every((step) => says.steps.includes(step));
  return went.steps.join() === says.steps.join();
}

/**
 * Why a task of this step may not go there, if so: a step may only go where its source says, since that is what was
 * checked before the run.
 */
export function describeMisfit(went: TransitionRecord | undefined, step: GraphStep | undefined): string | undefined {
  if (step?.transition === undefined || fits(went, step.transition)) return undefined;
  const expected = step.transition.steps.join(', ');
  return `step ${step.name} went to ${went?.steps.join(', ') ?? 'nowhere'}, and its source says ${expected}`;
}
