import { existsSync, readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { isDeepStrictEqual } from 'node:util';
import { openHome } from '../src/client/home.ts';
import { identityOf } from '../src/process/identity.ts';
import { decodeValue } from '../src/store/encoding.ts';
import { databaseFile } from '../src/store/home-folder.ts';
import type { RunRecord, TaskRecord } from '../src/store/run-store.ts';
import { openSqliteStore, type SqliteStore } from '../src/store/sqlite-store.ts';
import type { Heard } from './heard.ts';
import type { Injection } from './injection.ts';
import { namesOf, type Undisturbed } from './undisturbed.ts';
import { until } from './until.ts';

export interface AftermathOptions {
  /** The name of the flow. @default 'Struck' */
  readonly flow?: string;
  /** The name of its file in `chaos/flows`. @default 'struck' */
  readonly file?: string;
  /** The parameters that it was run with. */
  readonly parameters?: readonly string[];
  /** What the handle said when the run had ended, if there was one that lived to say it. */
  readonly handle?: Extract<Heard, { event: 'ended' }> | undefined;
}

/**
 * What must hold after any fault, when whatever it struck has had the time to end:
 * nothing is left running, no temporary folder is left, nothing that was said to be recorded is lost, no task is half committed,
 * what the client says is true, and a resume completes with the result of an undisturbed run.
 */
export async function aftermath(injection: Injection, options: AftermathOptions = {}): Promise<void> {
  await nothingIsLeft(injection);
  await nothingIsLost(injection, options);
  await recordsAreWhole(injection, options);
  await claimsAreTrue(injection, options);
  await resumeCompletes(injection, options);
}

/** No process of the injection runs any more, and no temporary folder of a Runner is left. */
export async function nothingIsLeft(injection: Injection): Promise<void> {
  const left = await injection.gone();
  injection.check(
    'no orphan',
    left.length > 0 &&
      `still there: ${left.map(({ pid, role, command }) => `${pid} ${role} ${command.slice(0, 200)}`).join('; ')}`,
  );
  const folders = readdirSync(injection.temporary).filter((name) => name.startsWith('raceway-'));
  injection.check('no temporary folder left', folders.length > 0 && folders.join(', '));
}

/**
 * What was said to be recorded is: the runs that a handle or a console named, and every task that a console called successful,
 * which it does after the commit. Run it when nothing runs any more.
 */
async function nothingIsLost(injection: Injection, { flow = 'Struck' }: AftermathOptions = {}): Promise<void> {
  const { runs, tasks } = injection.announced();
  if (runs.size === 0) return;
  const there = new Set<string>();
  if (existsSync(databaseFile(injection.home))) {
    await using store = openSqliteStore(injection.home, { access: 'read' });
    for (const { id } of await everyRun(store, flow)) {
      there.add(id);
      for (const { step, id: taskId, state } of await store.tasks(flow, id)) {
        if (state.status === 'successful') there.add(`${id}/${step}/${taskId}`);
      }
    }
  }
  const lost = [...runs, ...tasks].filter((one) => !there.has(one));
  injection.check('a run that was announced is recorded', lost.some((one) => runs.has(one)) && lost.join(', '));
  if (tasks.size === 0) return;
  injection.check('a task that was said to be finished is recorded', lost.length > 0 && lost.join(', '));
}

/**
 * The database is sound; a task that is recorded as successful has all of the artifacts that it has in an undisturbed run,
 * readable and of the right hash, and says where it went; a run that has ended has no attempt that has not. Run it when
 * nothing runs any more.
 */
export async function recordsAreWhole(
  injection: Injection,
  { flow = 'Struck', parameters = [] }: AftermathOptions = {},
): Promise<void> {
  if (!existsSync(databaseFile(injection.home))) return;
  injection.check('the database is sound', unsoundness(injection.home));
  const leaves = flow === 'Struck' ? (await injection.undisturbed(parameters)).leaves : undefined;
  await using store = openSqliteStore(injection.home, { access: 'read' });
  for (const run of await everyRun(store, flow)) {
    for (const task of await store.tasks(flow, run.id)) {
      const half = await halfOf(store, { run, task, leaves });
      injection.check(
        'no half-committed task',
        half.length > 0 && `${run.id}/${task.step}/${task.id}: ${half.join('; ')}`,
      );
    }
    const isHalfEnded = run.state.status !== 'running' && run.finishedAt === undefined;
    injection.check('no half-ended run', isHalfEnded && `${run.id} has ended at no time`);
  }
}

/** What the client says of each run is what the store says, and that no run goes on. Run it when nothing runs any more. */
export async function claimsAreTrue(
  injection: Injection,
  { flow = 'Struck', handle }: AftermathOptions = {},
): Promise<void> {
  if (!existsSync(databaseFile(injection.home))) return;
  const what = "the client's claims are true";
  await using store = openSqliteStore(injection.home, { access: 'read' });
  await using home = await openHome(injection.home);
  for (const { id, state } of await everyRun(store, flow)) {
    const run = await home.run(`${flow}/${id}`);
    const claim = { status: run.status, reason: run.reason };
    const truth =
      state.status === 'running'
        ? { status: 'failed', reason: { kind: 'lost' } }
        : { status: state.status, reason: 'reason' in state ? state.reason : undefined };
    injection.check(what, !isDeepStrictEqual(claim, truth) && `${run.pathspec}: ${JSON.stringify({ claim, truth })}`);
    injection.check(what, !run.finished && `${run.pathspec} is said to go on`);
    for await (const task of run.tasks()) {
      injection.check(what, !task.finished && `${task.pathspec} is said to go on, in a run that is ${run.status}`);
    }
    if (run.successful) {
      const end = await run.endTask();
      injection.check(what, end?.successful !== true && `${run.pathspec} is successful without an end task`);
    }
    if (handle?.pathspec === run.pathspec) {
      const said = { status: handle.status, reason: handle.reason };
      injection.check(
        'the handle says what the store says',
        !isDeepStrictEqual(said, claim) && JSON.stringify({ said, claim }),
      );
    }
  }
}

/**
 * A run whose process was killed is failed for the very next reader on this machine. Call it right after the SIGKILL of the
 * process, which is waited for here, since a signal takes its time.
 */
export async function deadRunsAreFailed(
  injection: Injection,
  pid: number,
  { flow = 'Struck' }: AftermathOptions = {},
): Promise<void> {
  await until(() => identityOf(pid) === undefined, { pauseMs: 1 });
  if (!existsSync(databaseFile(injection.home))) return;
  await using store = openSqliteStore(injection.home, { access: 'read' });
  await using home = await openHome(injection.home);
  for (const record of await everyRun(store, flow)) {
    if (record.process.pid !== pid) continue;
    const run = await home.run(`${flow}/${record.id}`);
    injection.check('a dead run is failed at once', !run.finished && `${run.pathspec} is said to be ${run.status}`);
    injection.count(`looked at while it was recorded as ${record.state.status}`);
  }
}

/**
 * Resumes the latest run, or runs the flow when there is none: that succeeds, takes over every task that had succeeded, and
 * its end task has the artifacts of an undisturbed run. A run that succeeded has them as it is.
 */
export async function resumeCompletes(
  injection: Injection,
  { flow = 'Struck', file = 'struck', parameters = [] }: AftermathOptions = {},
): Promise<void> {
  const origin = await latestRun(injection.home, flow);
  if (origin?.status === 'successful') {
    await resultIsUndisturbed(injection, { flow, parameters, runId: origin.id });
    return;
  }
  const what = origin === undefined ? 'a run where none was recorded completes' : 'a resume completes';
  const args = origin === undefined ? ['run', ...parameters] : ['resume', `--origin-run-id=${origin.id}`];
  const { exitCode, signalCode, stdout, stderr } = await injection.startFlow(args, { flow: file }).ended;
  const resumed = await latestRun(injection.home, flow);
  injection.check(
    what,
    exitCode !== 0 &&
      `${args.join(' ')} ended with ${exitCode ?? signalCode}: ${stdout.slice(-2000)} ${stderr.slice(-4000)}`,
  );
  if (resumed?.status !== 'successful') {
    injection.check(what, `the run is ${resumed?.status ?? 'not there'}`);
    return;
  }
  if (origin !== undefined) {
    const taken = `it took over ${resumed.cloned} of ${origin.successful} finished tasks`;
    injection.check('a resume takes over all finished tasks', resumed.cloned !== origin.successful && taken);
  }
  await resultIsUndisturbed(injection, { flow, parameters, runId: resumed.id });
  await nothingIsLeft(injection);
  await recordsAreWhole(injection, { flow, parameters });
}

async function resultIsUndisturbed(
  injection: Injection,
  { flow, parameters, runId }: { flow: string; parameters: readonly string[]; runId: string },
): Promise<void> {
  if (flow !== 'Struck') return; // nobody knows what others come to
  const expected = await injection.undisturbed(parameters);
  await using store = openSqliteStore(injection.home, { access: 'read' });
  const tasks = await store.tasks(flow, runId);
  const end = tasks.find(({ step }) => step === 'end');
  const artifacts = await store.artifacts(flow, runId, end?.id ?? '');
  const what = 'the result is that of an undisturbed run';
  injection.check(what, !isDeepStrictEqual(artifacts, expected.artifacts) && JSON.stringify(artifacts));
  injection.check(what, tasks.length !== expected.tasks && `${tasks.length} tasks instead of ${expected.tasks}`);
}

/** The latest run of the flow as the client sees it, with its tasks counted. */
async function latestRun(
  home: string,
  flow: string,
): Promise<{ id: string; status: string; successful: number; cloned: number } | undefined> {
  if (!existsSync(databaseFile(home))) return undefined;
  await using opened = await openHome(home);
  await using store = openSqliteStore(home, { access: 'read' });
  const [record] = await store.runs(flow, { limit: 1 });
  if (record === undefined) return undefined;
  const { status } = await opened.run(`${flow}/${record.id}`);
  const tasks = await store.tasks(flow, record.id);
  return {
    id: record.id,
    status,
    successful: tasks.filter(({ state }) => state.status === 'successful').length,
    cloned: tasks.filter(({ originPathspec }) => originPathspec !== undefined).length,
  };
}

async function everyRun(store: SqliteStore, flow: string): Promise<readonly RunRecord[]> {
  return [...(await store.runs(flow, {})), ...(await store.runs(flow, { kind: 'spin' }))];
}

/** In what a task is neither wholly there nor not at all. */
async function halfOf(
  store: SqliteStore,
  { run, task, leaves }: { run: RunRecord; task: TaskRecord; leaves: Undisturbed['leaves'] | undefined },
): Promise<readonly string[]> {
  const { flow, runId, step, id, state, transition } = task;
  const half: string[] = [];
  const artifacts = await store.artifacts(flow, runId, id);
  for (const artifact of artifacts) {
    try {
      decodeValue(await store.readBlob(artifact));
    } catch (error) {
      half.push(`its artifact ${artifact.name} cannot be read: ${String(error)}`);
    }
  }
  for (const attempt of await store.attempts(flow, runId, id)) {
    const isOver = attempt.state.status !== 'running';
    if (isOver !== (attempt.finishedAt !== undefined)) half.push(`attempt ${attempt.number} is half ended`);
    if (!isOver && run.state.status !== 'running')
      half.push(`attempt ${attempt.number} is running in a run that is not`);
  }
  if (state.status === 'successful') {
    if (step !== 'end' && transition === undefined) half.push('it succeeded and went nowhere');
    const isWhole = leaves === undefined ? artifacts.length > 0 : leaves.get(step)?.has(namesOf(artifacts));
    if (isWhole !== true) half.push(`it succeeded and left ${namesOf(artifacts) || 'nothing'}`);
  } else if (artifacts.length > 0) half.push(`it is ${state.status} and left artifacts`);
  return half;
}

function unsoundness(home: string): string | undefined {
  const database = new DatabaseSync(databaseFile(home), { readOnly: true, timeout: 10_000 });
  try {
    const found = database
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => String(row['integrity_check']));
    const dangling = database.prepare('PRAGMA foreign_key_check').all();
    if (found.join() === 'ok' && dangling.length === 0) return undefined;
    return [...found, ...dangling.map((row) => JSON.stringify(row))].slice(0, 10).join('; ');
  } finally {
    database.close();
  }
}
