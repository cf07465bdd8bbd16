import { decodeValue } from '../../src/store/encoding.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import type { TaskRecord } from '../../src/store/run-store.ts';
import type { FlowFolder } from '../flow-folder.ts';

/** What a run recorded of a task, told without its id, which may differ from one run to the next. */
export interface DescribedTask {
  /** `step`, with `[1.0]` for its place in each foreach around it, and `#2` when it is the second task there of its step. */
  readonly name: string;
  /** The names of the tasks it followed, as they were recorded. */
  readonly parents: readonly string[];
  readonly artifacts: Readonly<Record<string, unknown>>;
  readonly successful: boolean;
}

/** The tasks of the latest run of `Sample`, in the order of their ids, as the store has them. */
export async function describedTasks(folder: FlowFolder): Promise<readonly DescribedTask[]> {
  await using store = openSqliteStore(folder.file('.raceway'), { access: 'read' });
  const [run] = await store.runs('Sample', { limit: 1 });
  if (run === undefined) throw new Error('there is no run');
  const tasks = await store.tasks('Sample', run.id);
  const names = namesById(tasks);
  return await Promise.all(
    tasks.map(async ({ id, parentIds, state }) => {
      const artifacts = await store.artifacts('Sample', run.id, id);
      const values = artifacts.map(
        async (artifact) => [artifact.name, decodeValue(await store.readBlob(artifact))] as const,
      );
      return {
        name: names.get(id) ?? '',
        parents: parentIds.map((parent) => names.get(parent) ?? ''),
        artifacts: Object.fromEntries(await Promise.all(values)),
        successful: state.status === 'successful',
      };
    }),
  );
}

function namesById(tasks: readonly TaskRecord[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>();
  return new Map(
    tasks.map(({ id, step, frames, index }) => {
      const stack = frames.flatMap(({ slot, item }) => (item === undefined ? [] : [slot]));
      if (stack.at(-1) !== index) throw new Error(`task ${id} has index ${index} and stands at ${stack.join('.')}`);
      const place = stack.length === 0 ? step : `${step}[${stack.join('.')}]`;
      const count = (counts.get(place) ?? 0) + 1;
      counts.set(place, count);
      return [id, count === 1 ? place : `${place}#${count}`];
    }),
  );
}
