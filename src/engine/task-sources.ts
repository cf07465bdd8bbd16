import type { Graph } from '../flow/graph.ts';
import type { ArtifactRecord, FrameRecord } from '../store/run-store.ts';
import type { PlannedTask } from './frontier.ts';
import type { TaskFacts } from './messages.ts';

/** What a finished task left for those that follow. */
export interface LeftByTask {
  /** The step that the branch it stands in began with. */
  readonly branch: string;
  readonly artifacts: readonly ArtifactRecord[];
}

/** What a task of this step left that stood in these splits. */
export function leftBy(
  { step, frames }: { readonly step: string; readonly frames: readonly FrameRecord[] },
  artifacts: readonly ArtifactRecord[],
): LeftByTask {
  return { branch: frames.at(-1)?.name ?? step, artifacts };
}

/** What a task starts from: what its parent left, or for a join the inputs that meet in it. */
export function taskSources(
  { step, parentIds, joinsNothing, overrides = [] }: PlannedTask,
  { graph, left }: { graph: Graph; left: ReadonlyMap<string, LeftByTask> },
): Pick<TaskFacts, 'inherited' | 'inputs' | 'split'> {
  // A task begins only when those it follows have finished.
  const of = (taskId: string): LeftByTask => left.get(taskId) ?? { branch: '', artifacts: [] };
  if (graph.steps.get(step)?.kind !== 'join') {
    const [parent = ''] = parentIds;
    return { inherited: override(of(parent).artifacts, overrides), inputs: undefined };
  }
  const parents = parentIds.map((taskId) => ({ taskId, ...of(taskId) }));
  return joinsNothing === true ? { inherited: [], inputs: [], split: parents[0] } : { inherited: [], inputs: parents };
}

function override(
  artifacts: readonly ArtifactRecord[],
  overrides: readonly ArtifactRecord[],
): readonly ArtifactRecord[] {
  if (overrides.length === 0) return artifacts;
  const names = new Set(overrides.map(({ name }) => name));
  return [...artifacts.filter(({ name }) => !names.has(name)), ...overrides];
}
