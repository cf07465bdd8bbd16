import { explainMissing } from '../client/explain-missing.ts';
import { recordedRuns } from '../client/recorded-runs.ts';
import { taskSnapshots } from '../client/task-snapshots.ts';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { formatPathspec, parsePathspec } from '../core/pathspec.ts';
import type { RunRecord, RunStore, TaskRecord } from '../store/run-store.ts';
import { ownPathspec } from './own-pathspec.ts';

/** Where to look. */
export interface OriginQuery {
  readonly store: RunStore;
  /** The folder that the store is in. */
  readonly home: string;
  readonly flow: string;
  /** Whose runs are looked through when none is named. */
  readonly user: string;
}

/** A step of an earlier run, and perhaps one of its tasks. */
export interface OriginPlace {
  readonly run: RunRecord;
  readonly step: string;
  readonly taskId: string | undefined;
}

/**
 * The run that a word such as `step`, `run/step` or `run/step/task` is about, the flow's name in front or not. Without a
 * run it is the latest one that has a task of the step. For a task that was itself spun it is the run which that came from.
 *
 * @throws {RacewayError} `PATHSPEC` when it is no such word
 * @throws {NotFoundError} when there is none
 */
export async function findOriginPlace(word: string, query: OriginQuery): Promise<OriginPlace> {
  const { store, home, flow } = query;
  if (!word.includes('/')) {
    const { run: step } = parsePathspec(`${flow}/${word}`, 'run'); // one part, as good as any other
    return { run: await latestRunWith(step, query), step, taskId: undefined };
  }
  const place = ownPathspec(word, flow);
  const { run: runId = '', step, task: taskId } = place;
  if (step === undefined) {
    throw new RacewayError(
      'PATHSPEC',
      `${JSON.stringify(word)} names no task`,
      'Give step, run/step or run/step/task, as in 1763719200123456/start.',
    );
  }
  const run = await store.run(flow, runId);
  if (run === undefined) throw await explainMissing({ home, store }, place);
  if (run.kind === 'run') return { run, step, taskId };
  const spun = (await store.tasks(flow, runId, step)).find(({ id }) => taskId === undefined || id === taskId);
  const origin = spun?.originPathspec === undefined ? undefined : parsePathspec(spun.originPathspec, 'task');
  const originRun = origin && (await store.run(flow, origin.run));
  if (origin === undefined || originRun?.kind !== 'run') throw await explainMissing({ home, store }, place);
  return { run: originRun, step: origin.step, taskId: origin.task };
}

async function latestRunWith(step: string, { store, flow, user }: OriginQuery): Promise<RunRecord> {
  let latest: RunRecord | undefined;
  for await (const run of recordedRuns(store, flow, { user })) {
    latest ??= run;
    if ((await store.tasks(flow, run.id, step)).length > 0) return run;
  }
  if (latest === undefined) {
    throw new NotFoundError(flow, `there is no run of ${flow} by ${user} to take a task from`, 'Start one with run.');
  }
  const steps = (await store.steps(flow, latest.id)).map(({ name }) => name);
  const meant = nearest(step, steps);
  throw new NotFoundError(
    formatPathspec({ flow, run: latest.id, step }),
    `there is no run of ${flow} by ${user} in which a task of ${step} has started`,
    meant === undefined
      ? `In the latest one these have: ${steps.join(', ') || 'none'}. Resume it to get further (resume --origin-run-id=${latest.id}).`
      : `Did you mean ${meant}?`,
  );
}

/** The task, and how it was chosen if there was a choice. */
export interface OriginTask {
  readonly task: TaskRecord;
  readonly pathspec: string;
  readonly choice: string | undefined;
}

/**
 * The task that is meant: the one that is named, else the only one of the step, else the latest one that failed, else the
 * first.
 *
 * @throws {NotFoundError} when it is not there, or none has started
 */
export async function findOriginTask(
  { run, step, taskId }: OriginPlace,
  { store, home, flow }: OriginQuery,
): Promise<OriginTask> {
  const snapshots = await taskSnapshots(store, { flow, runId: run.id, step });
  const tasks = snapshots.map(({ record }) => record);
  const stepPathspec = formatPathspec({ flow, run: run.id, step });
  const [first] = tasks;
  if (first === undefined) {
    const steps = (await store.steps(flow, run.id)).map(({ name }) => name);
    throw new NotFoundError(
      stepPathspec,
      `cannot spin ${stepPathspec}: no task of ${step} has started in that run, so there are no inputs for one`,
      `Resume the run instead (resume --origin-run-id=${run.id}), or take a step that has started: ${steps.join(', ') || 'none has'}.`,
    );
  }
  const failed = tasks.findLast(hasFailed);
  const task = taskId === undefined ? (failed ?? first) : tasks.find(({ id }) => id === taskId);
  if (task === undefined) throw await explainMissing({ home, store }, { flow, run: run.id, step, task: taskId });
  const pathspec = `${stepPathspec}/${task.id}`;
  const why = task === failed ? 'the latest one that failed' : 'the first one';
  const choice =
    taskId === undefined && tasks.length > 1
      ? `${stepPathspec} has ${tasks.length} tasks: taking ${why}, ${pathspec}.`
      : undefined;
  return { task, pathspec, choice };
}

/** By itself: one that was stopped since another had failed is not what anybody looks for. */
function hasFailed({ state }: TaskRecord): boolean {
  if (state.status === 'failed') return state.reason.kind !== 'stopped';
  return state.status === 'successful' && state.caught !== undefined;
}
