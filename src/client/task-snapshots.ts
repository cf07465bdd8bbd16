import type { TaskState } from '../core/status.ts';
import type { AttemptRecord, RunReader, RunRecord, TaskRecord, TimeMs } from '../store/run-store.ts';
import { presentRun } from './present-run.ts';

/** What was known of a task when it was read. */
export interface TaskSnapshot {
  readonly record: TaskRecord;
  readonly attempts: readonly AttemptSnapshot[];
  /** Whether it executes once more the task that it names as its origin; otherwise it is a clone of that. */
  readonly isSpun: boolean;
}

/** What was known of an attempt when its task was read. */
export type AttemptSnapshot = Omit<AttemptRecord, 'pid' | 'exception'>;

/** Which tasks to read: all of a run, those of a step, or one. */
export interface TaskQuery {
  readonly flow: string;
  readonly runId: string;
  readonly step?: string | undefined;
  readonly taskId?: string | undefined;
}

/** Tasks in the order of their ids; those that are recorded as running although their run has ended are lost. */
export async function taskSnapshots(
  reader: RunReader,
  { flow, runId, step, taskId }: TaskQuery,
): Promise<readonly TaskSnapshot[]> {
  // The run comes first: read the other way round, a task that ended in between would be taken for a lost one.
  const recorded = await reader.run(flow, runId);
  const run = recorded && (await presentRun(recorded, reader));
  const records =
    taskId === undefined
      ? await reader.tasks(flow, runId, step)
      : [await reader.task(flow, runId, taskId)].filter((record) => record !== undefined);
  const isSpun = run?.kind === 'spin';
  return Promise.all(
    records.map(async (record) => ({
      record: present(record, run),
      attempts: (await attemptsOf(reader, record)).map((attempt) => present(attempt, run)),
      isSpun,
    })),
  );
}

/** Most tasks have ended and had one attempt, of which the task's own record says everything; only the others cost a query. */
async function attemptsOf(reader: RunReader, task: TaskRecord): Promise<readonly AttemptSnapshot[]> {
  if (task.attempt === 0 && task.originPathspec === undefined && task.state.status !== 'running') {
    return [
      { number: 0, state: task.state, startedAt: task.createdAt, finishedAt: task.finishedAt, logBytes: task.logBytes },
    ];
  }
  const attempts = await reader.attempts(task.flow, task.runId, task.id);
  return attempts.map(({ pid: _pid, exception: _exception, ...snapshot }) => snapshot);
}

function present<T extends { readonly state: TaskState; readonly finishedAt: TimeMs | undefined }>(
  record: T,
  run: RunRecord | undefined,
): T {
  if (record.state.status !== 'running' || run === undefined || run.state.status === 'running') return record;
  return { ...record, state: { status: 'failed', reason: { kind: 'lost' } }, finishedAt: run.finishedAt };
}
