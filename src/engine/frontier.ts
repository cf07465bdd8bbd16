import type { Graph } from '../flow/graph.ts';
import type { ArtifactRecord, FrameRecord, TransitionRecord } from '../store/run-store.ts';

/** A task that is to be executed, as far as the tasks before it decide about it. */
export interface PlannedTask {
  readonly step: string;
  /** The tasks it follows: one, or for a join those that meet in it, in the order of the split. */
  readonly parentIds: readonly string[];
  readonly frames: readonly FrameRecord[];
  /** The task of another run that it executes once more, alone; its parents are tasks of that run. */
  readonly originPathspec?: string | undefined;
  /** Artifacts that it finds instead of what its parent left under their names. */
  readonly overrides?: readonly ArtifactRecord[];
  /** A join of a foreach over nothing: it follows the split itself and has no inputs. */
  readonly joinsNothing?: true;
}

/** A task that has succeeded. */
export interface FinishedTask {
  readonly id: string;
  readonly step: string;
  readonly frames: readonly FrameRecord[];
  readonly transition: TransitionRecord | undefined;
}

/**
 * Knows what comes next in a run. It is told of each finished task, in an order in which parents come before children,
 * and answers with the tasks that can begin for that; a join can when all the tasks of its split have arrived.
 *
 * A task carries a frame for every split that it stands in. A split adds one to each of its children, a join takes the
 * innermost one away.
 */
export class Frontier {
  readonly #graph: Graph;
  /** For each join of each split that is under way: the tasks that have arrived, by their slot. */
  readonly #arrivals = new Map<string, Map<number, string>>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** What a run begins with. */
  first(): PlannedTask {
    return { step: 'start', parentIds: [], frames: [] };
  }

  /** What can begin now that this task has finished. */
  after(task: FinishedTask): readonly PlannedTask[] {
    const { id, step, frames, transition } = task;
    if (transition === undefined) return [];
    const { kind, steps } = transition;
    switch (kind) {
      case 'linear':
      case 'switch':
        return steps.flatMap((next) => this.#goTo(next, task));
      case 'branch':
        return steps.map((next, slot) => ({
          step: next,
          parentIds: [id],
          frames: [...frames, { split: id, slot, count: steps.length, name: next }],
        }));
      case 'foreach': {
        const { items = [] } = transition;
        const [next = ''] = steps;
        if (items.length > 0) {
          return items.map((item, slot) => ({
            step: next,
            parentIds: [id],
            frames: [...frames, { split: id, slot, count: items.length, name: next, item }],
          }));
        }
        const join = this.#graph.joinOf.get(step);
        return join === undefined ? [] : [{ step: join, parentIds: [id], frames, joinsNothing: true }];
      }
    }
  }

  #goTo(next: string, { id, frames }: FinishedTask): readonly PlannedTask[] {
    if (this.#graph.steps.get(next)?.kind !== 'join') return [{ step: next, parentIds: [id], frames }];
    const frame = frames.at(-1);
    if (frame === undefined) throw new Error(`${next} joins, but the task before it stands in no split`);
    const key = `${next}/${frame.split}`;
    const arrived = this.#arrivals.get(key) ?? new Map<number, string>();
    arrived.set(frame.slot, id);
    this.#arrivals.set(key, arrived);
    if (arrived.size < frame.count) return [];
    this.#arrivals.delete(key);
    const parentIds = [...arrived].toSorted(([one], [other]) => one - other).map(([, taskId]) => taskId);
    return [{ step: next, parentIds, frames: frames.slice(0, -1) }];
  }
}
