import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { clearTimeout, setTimeout as setTimer } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import type { RunEvent, TaskOutput } from '../core/events.ts';
import { LONGEST_TIMER_MS } from '../core/longest-timer.ts';
import { formatPathspec } from '../core/pathspec.ts';
import { describeReason, type FinalRunState } from '../core/status.ts';
import type { Graph } from '../flow/graph.ts';
import { attemptTempFolder, logFile, logFolder, makeFolderInHome, stagedFolder } from '../store/home-folder.ts';
import type { AttemptResult, ExceptionRecord, LogBytes, RunReader, RunWriter } from '../store/run-store.ts';
import { mergePolicies, type StepPolicy } from '../flow/step-policy.ts';
import { attemptResult, caughtResult } from './attempt-result.ts';
import type { FinishedTask, PlannedTask } from './frontier.ts';
import type { LogFollower } from './log-follower.ts';
import type { RunFacts, TaskFacts } from './messages.ts';
import { SecretMask } from './secret-mask.ts';
import { SpareLogs } from './spare-logs.ts';
import { TaskLog } from './task-log.ts';
import { machineResources, TaskQueue } from './task-queue.ts';
import { type LeftByTask, leftBy, taskSources } from './task-sources.ts';
import type { WorkerPool } from './worker-pool.ts';
import { SIGNALS_OF_A_STOP, type TaskEnd, type TaskLimit, type WorkerProcess } from './worker-process.ts';

/** How often the run says that it is alive when nothing else happens, in milliseconds. */
const HEARTBEAT_MS = 10_000;

/** That several new workers in a row cannot begin is no accident. One that had tasks before may have been spoilt by them. */
const MAX_TRIES_TO_BEGIN = 3;

/**
 * How long after a worker was ended by a signal the same signal may still be on its way to this process. It is waited for
 * longer where `retry` or `catchError` would let the run go on, which is to end.
 */
const STOP_ARRIVES_MS = { runFails: 100, runGoesOn: 2000 };

/** Why a run is stopped from outside. */
export type Stop =
  { readonly kind: 'signal'; readonly signalCode: 'SIGINT' | 'SIGTERM' | 'SIGHUP' } | { readonly kind: 'timeout' };

/** A run that exists and what it needs to go on. */
export interface RunSetup {
  readonly home: string;
  readonly graph: Graph;
  /** What the decorators of each step ask for, by step. */
  readonly policies: ReadonlyMap<string, StepPolicy>;
  readonly writer: RunWriter;
  readonly store: RunReader;
  readonly pool: WorkerPool;
  readonly logs: LogFollower;
  readonly report: (event: RunEvent | TaskOutput, exception?: ExceptionRecord) => void;
  /** Says something of the run to whoever watches it. */
  readonly remark: (text: string) => void;
  /** Aborted, with a `Stop` as its reason, when the run is to end early. */
  readonly signal: AbortSignal;
  readonly parameters: string;
  /** The decorators that every step has besides its own, as `--with` names them. */
  readonly with: readonly string[];
  /** Environment variables that are secret, by step. */
  readonly secretVariables: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** What is neither shown nor kept. */
  readonly secrets: readonly string[];
  readonly user: string;
  readonly tags: readonly string[];
  readonly originRunId: string | undefined;
  readonly isolation: 'pool' | 'task';
  readonly maxWorkers: number;
  readonly maxNumSplits: number;
  readonly maxLogBytes: number;
  readonly graceMs: number;
}

/** Where a run begins: at its start, behind what it took over from another, or anywhere with a single task. */
export interface Beginning {
  /** Answers for each task that succeeded with those that can begin now. */
  readonly frontier: { after(task: FinishedTask): readonly PlannedTask[] };
  readonly ready: readonly PlannedTask[];
  /** What the tasks before left, by their ids. */
  readonly left: ReadonlyMap<string, LeftByTask>;
}

/**
 * Executes tasks, from the beginning that is given, until none is left, one failed, or the run is stopped; records and reports all
 * of it. Resolves with what the run came to, when no worker is left.
 *
 * @throws {RacewayError} `SUPERSEDED` when the run was recorded as ended by someone else
 */
export async function runFlow(setup: RunSetup, beginning: Beginning): Promise<FinalRunState> {
  const run = new RunProgress(setup, beginning);
  const heartbeat = setInterval(
    () => void setup.writer.beat().catch((error: unknown) => run.abort(error)),
    HEARTBEAT_MS,
  );
  setup.logs.onError = (error) => run.abort(error);
  try {
    const state = await run.complete(beginning.ready);
    const ended = setup.pool.end({ graceMs: setup.graceMs });
    if (setup.secrets.length > 0) {
      await ended; // while something is left it may print a secret
      await run.hideLateSecrets();
    }
    const recorded = await setup.writer.finish(state);
    await ended;
    setup.report({ type: 'run-finished', pathspec: run.pathspec(), state: recorded ?? state });
    return state;
  } finally {
    clearInterval(heartbeat);
    await setup.pool.end({ graceMs: 0 });
    dropStaged(setup);
  }
}

/** What no task of the run has left in the end. That it cannot be removed is no reason to call the run anything else than it is. */
function dropStaged({ home, writer: { flow, runId } }: RunSetup): void {
  try {
    rmSync(stagedFolder(home, flow, runId), { recursive: true, force: true });
  } catch {
    // it stays for `raceway gc`
  }
}

type FailedRunState = Exclude<FinalRunState, { status: 'successful' }>;

/** One attempt that is to be made. */
interface DueAttempt {
  readonly step: string;
  readonly planned: PlannedTask;
  /** From 0. */
  readonly attempt: number;
  /** `undefined` until the first attempt begins. */
  readonly taskId: string | undefined;
}

class RunProgress {
  readonly #setup: RunSetup;
  readonly #frontier: Beginning['frontier'];
  readonly #left: Map<string, LeftByTask>;
  readonly #policies: ReadonlyMap<string, StepPolicy>;
  readonly #mask: SecretMask;
  readonly #facts: RunFacts;
  readonly #spareLogs = new SpareLogs();
  /** Those that something besides a worker may still write to; only when there are secrets. */
  readonly #sharedLogs: TaskLog[] = [];
  readonly #due: TaskQueue<DueAttempt>;
  /** What tasks left behind that has been remarked on, with their steps. */
  readonly #remarked = new Set<string>();
  /** Attempts that wait for the delay before them to pass. */
  readonly #delays = new Set<NodeJS.Timeout>();
  /** Attempts that a worker is at. */
  #running = 0;
  /** Attempts that have ended and are being recorded; their workers may be at others already. */
  #ending = 0;
  /** Called when something ended or became due. */
  #wake: () => void = () => {};
  /** Set once: nothing new starts from then on. */
  #failure: FailedRunState | undefined;
  #error: unknown;

  constructor(setup: RunSetup, { frontier, left }: Beginning) {
    this.#setup = setup;
    this.#frontier = frontier;
    this.#left = new Map(left);
    this.#mask = new SecretMask(setup.secrets);
    const { home, writer, originRunId, user, tags, parameters, maxNumSplits, with: added, secrets } = setup;
    const { flow, runId } = writer;
    this.#facts = { home, flow, runId, originRunId, user, tags, parameters, maxNumSplits, with: added, secrets };
    this.#policies = setup.policies;
    this.#due = new TaskQueue((step) => this.#policies.get(step)?.resources, machineResources);
    makeFolderInHome(setup.home, logFolder(setup.home, setup.writer.flow, setup.writer.runId));
  }

  async complete(first: readonly PlannedTask[]): Promise<FinalRunState> {
    const { signal, maxWorkers } = this.#setup;
    const stop = (): void => this.#fail(stoppedState(signal.reason as Stop));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#plan(first);
    for (;;) {
      const { promise: changed, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      while (this.#failure === undefined && this.#running < maxWorkers) {
        const due = this.#due.take();
        if (due === undefined) break;
        this.#running += 1;
        void this.#execute(due)
          .catch((error: unknown) => this.abort(error))
          .finally(() => {
            this.#running -= 1;
            this.#due.release(due.step);
            this.#wake();
          });
      }
      if (this.#running === 0 && this.#ending === 0 && this.#delays.size === 0) break;
      await changed;
    }
    signal.removeEventListener('abort', stop);
    if (this.#error !== undefined) throw this.#error as Error;
    return this.#failure ?? { status: 'successful' };
  }

  /** Gives up for a reason that has nothing to do with the flow: the store is gone, or the run is someone else's. */
  abort(error: unknown): void {
    this.#error ??= error;
    this.#fail({ status: 'failed', reason: { kind: 'exit', exitCode: 1 } });
  }

  pathspec(step?: string, task?: string): string {
    return formatPathspec({ flow: this.#setup.writer.flow, run: this.#setup.writer.runId, step, task });
  }

  /** What survived its task may have printed since; when nothing is left, no secret stays in a log. */
  async hideLateSecrets(): Promise<void> {
    for (const log of this.#sharedLogs) await log.hideLate();
  }

  #plan(tasks: readonly PlannedTask[]): void {
    for (const planned of tasks) this.#due.add({ step: planned.step, planned, attempt: 0, taskId: undefined });
  }

  #fail(failure: FailedRunState): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    for (const delay of this.#delays) clearTimeout(delay);
    this.#delays.clear();
    // Running tasks are warned and then ended; each reports its own end.
    void this.#setup.pool.end({ graceMs: this.#setup.graceMs });
    this.#wake();
  }

  async #execute({ step, planned, attempt, taskId: known }: DueAttempt): Promise<void> {
    const { pool, writer, report, graph, isolation, graceMs, signal } = this.#setup;
    const policy = this.#policies.get(step) ?? {};
    const isolated = isolation === 'task' || policy.isolated === true;
    const { parentIds, frames, originPathspec } = planned;
    let worker = pool.take({ isolated });
    const sourceSha256 = graph.steps.get(step)?.sourceSha256 ?? '';
    const parents = originPathspec === undefined ? parentIds : []; // the run has no others
    const taskId =
      known ?? (await writer.startTask({ step, parentIds: parents, frames, originPathspec, sourceSha256 }, worker.pid));
    if (attempt > 0) await writer.startAttempt(taskId, attempt, worker.pid);
    const pathspec = this.pathspec(step, taskId);
    report({ type: 'task-started', pathspec, attempt, pid: worker.pid, originPathspec });
    const task = this.#taskFacts(planned, { taskId, attempt, policy });
    const logs = this.#openLogs(task, { pathspec, worker });
    const bothLogs = [logs.stdout, logs.stderr];
    const limit: TaskLimit | undefined =
      policy.timeoutMs === undefined ? undefined : { timeoutMs: policy.timeoutMs, graceMs };
    let end: TaskEnd;
    for (let tries = 0; ;) {
      if (!worker.isUsed) tries += 1;
      end = await worker.run(task, { run: this.#facts, limit });
      if (end.kind !== 'unusable' || this.#failure !== undefined || tries === MAX_TRIES_TO_BEGIN) break;
      pool.giveBack(worker, { isolated });
      worker = pool.take({ isolated });
      if (worker.pid === 0) continue; // no process could be started: its end says so
      await writer.startAttempt(taskId, attempt, worker.pid);
      report({ type: 'task-started', pathspec, attempt, pid: worker.pid, originPathspec });
    }
    if (end.kind === 'signal' && SIGNALS_OF_A_STOP.has(end.signalCode)) await this.#stopUnderWay(policy);
    for (const log of bothLogs) {
      await this.#setup.logs.remove(log, { signal });
      const isShared = end.kind !== 'done' || end.sharesLogs;
      if (isShared && !this.#mask.isEmpty) this.#sharedLogs.push(log);
      if (log.isEmpty && !isShared) this.#spareLogs.keep(log.file, worker);
    }
    rmSync(task.tempdir, { recursive: true, force: true });
    pool.giveBack(worker, { isolated });
    if (end.kind === 'done' && end.outcome.status === 'successful' && !isolated) this.#remarkOn(step, end.leftovers);
    this.#ending += 1;
    const logBytes = { stdout: logs.stdout.sizeBytes, stderr: logs.stderr.sizeBytes };
    void this.#conclude({ step, planned, attempt, taskId }, { end, logBytes, task, policy, pathspec })
      .catch((error: unknown) => this.abort(error))
      .finally(() => {
        this.#ending -= 1;
        this.#wake();
      });
  }

  /** Records what became of an attempt, and sees to what comes next. Whether it fails the run is decided at once. */
  async #conclude(
    due: DueAttempt & { readonly taskId: string },
    {
      end,
      logBytes,
      task,
      policy,
      pathspec,
    }: { end: TaskEnd; logBytes: LogBytes; task: TaskFacts; policy: StepPolicy; pathspec: string },
  ): Promise<void> {
    const { writer, report, graph } = this.#setup;
    const { step, planned, attempt, taskId } = due;
    const graphStep = graph.steps.get(step);
    const isStopping = this.#failure !== undefined;
    const ended = attemptResult(end, { taskId, attempt, step: graphStep, isStopping, mask: this.#mask });
    const made = { ...ended, logBytes };
    const retryDelayMs = this.#failure === undefined ? retryDelay(made, policy) : undefined;
    if (made.state.status === 'failed' && retryDelayMs !== undefined) {
      const { reason } = made.state;
      await writer.finishAttempt({ ...made, isRetried: true });
      const shown = policy.catchError?.printException === false ? undefined : made.exception;
      report({ type: 'task-failed', pathspec, attempt, reason, isRetried: true }, shown);
      this.#retryIn(retryDelayMs, { step, planned, attempt: attempt + 1, taskId });
      return;
    }
    const isCaught = policy.catchError !== undefined && this.#failure === undefined;
    const owner = this.#facts;
    const result = isCaught ? caughtResult(made, { policy: policy.catchError, task, step: graphStep, owner }) : made;
    if (result.state.status === 'failed') {
      const { reason } = result.state;
      this.#fail({ status: 'failed', reason: { kind: 'task', pathspec, message: describeReason(reason) } });
    }
    await writer.finishAttempt(result);
    if (result.state.status === 'successful') {
      const { caught } = result.state;
      const shown = policy.catchError?.printException === true ? result.exception : undefined;
      report({ type: 'task-succeeded', pathspec, attempt, caught }, shown);
      const { frames } = planned;
      this.#left.set(taskId, leftBy(planned, result.artifacts));
      this.#plan(this.#frontier.after({ id: taskId, step, frames, transition: result.transition }));
      return;
    }
    const { reason } = result.state;
    report({ type: 'task-failed', pathspec, attempt, reason }, result.exception);
  }

  #retryIn(delayMs: number, due: DueAttempt): void {
    if (this.#failure !== undefined) return; // meanwhile another task failed
    const delay = setTimer(
      () => {
        this.#delays.delete(delay);
        this.#due.add(due);
        this.#wake();
      },
      Math.min(delayMs, LONGEST_TIMER_MS),
    );
    this.#delays.add(delay);
  }

  /** Workers that are replaced make a run slow, and nothing else would say why: once for each step and kind. */
  #remarkOn(step: string, leftovers: readonly string[]): void {
    const news = [...new Set(leftovers)].filter((what) => !this.#remarked.has(`${step} ${what}`));
    if (news.length === 0) return;
    for (const what of news) this.#remarked.add(`${step} ${what}`);
    this.#setup.remark(
      `Step ${step} left ${news.join(' and ')} behind; its worker is replaced (said once, not for each task).`,
    );
  }

  /** Whoever ends a run signals all its processes, and a worker may be gone before this process hears of it. */
  async #stopUnderWay({ retry, catchError }: StepPolicy): Promise<void> {
    const { signal } = this.#setup;
    if (signal.aborted || this.#failure !== undefined) return;
    const waitMs = STOP_ARRIVES_MS[retry === undefined && catchError === undefined ? 'runFails' : 'runGoesOn'];
    await Promise.race([once(signal, 'abort'), setTimeout(waitMs, undefined, { ref: false })]);
  }

  #taskFacts(
    planned: PlannedTask,
    { taskId, attempt, policy }: { taskId: string; attempt: number; policy: StepPolicy },
  ): TaskFacts {
    const { home, writer, graph, secretVariables } = this.#setup;
    const { step, frames } = planned;
    const log = { flow: writer.flow, runId: writer.runId, taskId, attempt };
    return {
      step,
      taskId,
      attempt,
      frames,
      environment: { ...policy.environment, ...secretVariables.get(step) },
      cards: policy.cards ?? [],
      ...taskSources(planned, { graph, left: this.#left }),
      tempdir: attemptTempFolder(home, log),
      logs: {
        stdout: logFile(home, { ...log, stream: 'stdout' }),
        stderr: logFile(home, { ...log, stream: 'stderr' }),
      },
    };
  }

  #openLogs(
    { logs }: TaskFacts,
    { pathspec, worker }: { pathspec: string; worker: WorkerProcess },
  ): Readonly<Record<keyof LogBytes, TaskLog>> {
    const open = (stream: keyof LogBytes): TaskLog => {
      this.#spareLogs.make(logs[stream], worker);
      const log = new TaskLog(logs[stream], {
        maxBytes: this.#setup.maxLogBytes,
        mask: this.#mask,
        sink: (lines) => this.#setup.report({ type: 'task-output', pathspec, stream, lines }),
      });
      this.#setup.logs.add(log);
      return log;
    };
    return { stdout: open('stdout'), stderr: open('stderr') };
  }
}

function stoppedState(stop: Stop): FailedRunState {
  return stop.kind === 'timeout' ? { status: 'timeout', reason: stop } : { status: 'failed', reason: stop };
}

/** What the decorators of each step ask for, by step. */
export function policiesOf(graph: Graph): ReadonlyMap<string, StepPolicy> {
  return new Map(
    [...graph.steps].map(([name, { decorators }]) => [name, mergePolicies(decorators.map(({ policy }) => policy))]),
  );
}

/** How long to wait before the next attempt; `undefined` when there is to be none. */
function retryDelay({ state, attempt }: AttemptResult, { retry }: StepPolicy): number | undefined {
  if (state.status !== 'failed' || retry === undefined || attempt >= retry.times) return undefined;
  if (retry.on === 'crash' && state.reason.kind === 'exception') return undefined;
  return retry.delayMs * retry.backoff ** attempt;
}
