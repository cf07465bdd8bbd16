import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { RunEvent, TaskOutput } from '../core/events.ts';
import { formatPathspec } from '../core/pathspec.ts';
import { describeReason, type FinalRunState, type FinalTaskState, type TaskReason } from '../core/status.ts';
import type { Graph, GraphStep } from '../flow/graph.ts';
import { attemptTempFolder, logFile, logFolder } from '../store/home-folder.ts';
import type { AttemptResult, ExceptionRecord, RunReader, RunWriter } from '../store/run-store.ts';
import { describeMisfit } from './fits.ts';
import type { Frontier, PlannedTask } from './frontier.ts';
import type { LogFollower } from './log-follower.ts';
import type { TaskOrder } from './messages.ts';
import { TaskLog } from './task-log.ts';
import { type LeftByTask, leftBy, taskSources } from './task-sources.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { TaskEnd } from './worker-process.ts';

/** How often the run says that it is alive when nothing else happens, in milliseconds. */
const HEARTBEAT_MS = 10_000;

/** A worker that an earlier task left in a bad state cannot begin; that several in a row cannot is no accident. */
const MAX_TRIES_TO_BEGIN = 3;

const SIGNALS_OF_A_STOP: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP']);

/** How long after a worker was ended by a signal the same signal may still be on its way to this process. */
const STOP_ARRIVES_MS = 100;

/** Why a run is stopped from outside. */
export type Stop = { readonly kind: 'signal'; readonly signalCode: 'SIGINT' | 'SIGTERM' | 'SIGHUP' };

/** A run that exists and what it needs to go on. */
export interface RunSetup {
  readonly home: string;
  readonly graph: Graph;
  readonly writer: RunWriter;
  readonly store: RunReader;
  readonly pool: WorkerPool;
  readonly logs: LogFollower;
  readonly report: (event: RunEvent | TaskOutput, exception?: ExceptionRecord) => void;
  /** Aborted, with a `Stop` as its reason, when the run is to end early. */
  readonly signal: AbortSignal;
  readonly parameters: string;
  readonly user: string;
  readonly tags: readonly string[];
  readonly originRunId: string | undefined;
  readonly maxWorkers: number;
  readonly maxNumSplits: number;
  readonly maxLogBytes: number;
  readonly graceMs: number;
}

/** Where a run begins: at its start, or behind what it took over from another. */
export interface Beginning {
  readonly frontier: Frontier;
  readonly ready: readonly PlannedTask[];
  /** What the tasks left that were taken over, by their ids. */
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
    await setup.writer.finish(state);
    await ended;
    setup.report({ type: 'run-finished', pathspec: run.pathspec(), state });
    return state;
  } finally {
    clearInterval(heartbeat);
    await setup.pool.end({ graceMs: 0 });
  }
}

type FailedRunState = Exclude<FinalRunState, { status: 'successful' }>;

class RunProgress {
  readonly #setup: RunSetup;
  readonly #waiting: PlannedTask[] = [];
  readonly #frontier: Frontier;
  readonly #left: Map<string, LeftByTask>;
  readonly #running = new Set<Promise<void>>();
  /** Set once: nothing new starts from then on. */
  #failure: FailedRunState | undefined;
  #error: unknown;

  constructor(setup: RunSetup, { frontier, left }: Beginning) {
    this.#setup = setup;
    this.#frontier = frontier;
    this.#left = new Map(left);
    mkdirSync(logFolder(setup.home, setup.writer.flow, setup.writer.runId), { recursive: true, mode: 0o700 });
  }

  async complete(first: readonly PlannedTask[]): Promise<FinalRunState> {
    const { signal, maxWorkers } = this.#setup;
    const stop = (): void => this.#fail({ status: 'failed', reason: signal.reason as Stop });
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#waiting.push(...first);
    while (this.#waiting.length > 0 || this.#running.size > 0) {
      while (this.#failure === undefined && this.#running.size < maxWorkers) {
        const task = this.#waiting.shift();
        if (task === undefined) break;
        const work: Promise<void> = this.#execute(task)
          .catch((error: unknown) => this.abort(error))
          .finally(() => this.#running.delete(work));
        this.#running.add(work);
      }
      if (this.#running.size === 0) break;
      await Promise.race(this.#running);
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

  #fail(failure: FailedRunState): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    // Running tasks are warned and then ended; each reports its own end.
    void this.#setup.pool.end({ graceMs: this.#setup.graceMs });
  }

  async #execute(planned: PlannedTask): Promise<void> {
    const { pool, writer, report, graph } = this.#setup;
    const { step, parentIds, frames } = planned;
    const attempt = 0;
    let worker = pool.take();
    const taskId = await writer.startTask(
      { step, parentIds, frames, sourceSha256: graph.steps.get(step)?.sourceSha256 ?? '' },
      worker.pid,
    );
    const pathspec = this.pathspec(step, taskId);
    report({ type: 'task-started', pathspec, attempt, pid: worker.pid });
    const order = this.#order(planned, { taskId, attempt });
    const logs = this.#openLogs(order, pathspec);
    let end = await worker.run(order);
    for (let tries = 1; end.kind === 'unusable' && this.#failure === undefined && tries < MAX_TRIES_TO_BEGIN; tries++) {
      pool.giveBack(worker);
      worker = pool.take();
      end = await worker.run(order);
    }
    if (end.kind === 'signal' && SIGNALS_OF_A_STOP.has(end.signalCode)) await this.#stopUnderWay();
    for (const log of logs) this.#setup.logs.remove(log);
    rmSync(order.tempdir, { recursive: true, force: true });
    pool.giveBack(worker);

    const result = toResult(checkedEnd(end, graph.steps.get(step)), {
      taskId,
      attempt,
      isStopping: this.#failure !== undefined,
    });
    await writer.finishAttempt(result);
    if (result.state.status === 'successful') {
      report({ type: 'task-succeeded', pathspec, attempt });
      this.#left.set(taskId, leftBy(planned, result.artifacts));
      const finished = { id: taskId, step, frames, transition: result.transition };
      for (const next of this.#frontier.after(finished)) this.#waiting.push(next); // there may be very many
      return;
    }
    const { reason } = result.state;
    report({ type: 'task-failed', pathspec, attempt, reason }, result.exception);
    this.#fail({ status: 'failed', reason: { kind: 'task', pathspec, message: describeReason(reason) } });
  }

  /** Whoever ends a run signals all its processes, and a worker may be gone before this process hears of it. */
  async #stopUnderWay(): Promise<void> {
    const { signal } = this.#setup;
    if (!signal.aborted)
      await Promise.race([once(signal, 'abort'), setTimeout(STOP_ARRIVES_MS, undefined, { ref: false })]);
  }

  #order(planned: PlannedTask, { taskId, attempt }: { taskId: string; attempt: number }): TaskOrder {
    const { home, writer, parameters, user, tags, originRunId, graph, maxNumSplits } = this.#setup;
    const { step, frames } = planned;
    const log = { flow: writer.flow, runId: writer.runId, taskId, attempt };
    return {
      type: 'task',
      home,
      flow: writer.flow,
      runId: writer.runId,
      originRunId,
      user,
      tags,
      step,
      taskId,
      attempt,
      frames,
      parameters,
      maxNumSplits,
      ...taskSources(planned, { graph, left: this.#left }),
      tempdir: attemptTempFolder(home, log),
      logs: {
        stdout: logFile(home, { ...log, stream: 'stdout' }),
        stderr: logFile(home, { ...log, stream: 'stderr' }),
      },
    };
  }

  #openLogs(order: TaskOrder, pathspec: string): readonly TaskLog[] {
    return (['stdout', 'stderr'] as const).map((stream) => {
      const log = new TaskLog(order.logs[stream], {
        maxBytes: this.#setup.maxLogBytes,
        sink: (lines) => this.#setup.report({ type: 'task-output', pathspec, stream, lines }),
      });
      this.#setup.logs.add(log);
      return log;
    });
  }
}

function checkedEnd(end: TaskEnd, step: GraphStep | undefined): TaskEnd {
  if (end.kind !== 'done' || end.outcome.status !== 'successful') return end;
  const message = describeMisfit(end.outcome.transition, step);
  if (message === undefined) return end;
  return { kind: 'done', outcome: { status: 'failed', exception: { name: 'FlowError', message, stack: '' } } };
}

function toResult(
  end: TaskEnd,
  { taskId, attempt, isStopping }: { taskId: string; attempt: number; isStopping: boolean },
): AttemptResult {
  const nothing = { taskId, attempt, artifacts: [], blobs: [] };
  switch (end.kind) {
    case 'done':
      if (end.outcome.status === 'successful') {
        return { taskId, attempt, ...end.outcome, state: { status: 'successful' } };
      }
      return {
        ...nothing,
        exception: end.outcome.exception,
        state: failed(
          isStopping ? { kind: 'stopped' } : { kind: 'exception', message: summary(end.outcome.exception) },
        ),
      };
    case 'unusable':
    case 'unloadable':
      return {
        ...nothing,
        state: failed(isStopping ? { kind: 'stopped' } : { kind: 'exception', message: end.message }),
      };
    case 'exit':
      return { ...nothing, state: failed(isStopping ? { kind: 'stopped' } : end) };
    case 'signal':
      return { ...nothing, state: failed(isStopping ? { kind: 'stopped' } : end) };
  }
}

function failed(reason: TaskReason): FinalTaskState {
  return { status: 'failed', reason };
}

/** What fits into a reason; the whole of it is kept with the attempt. */
const MAX_SUMMARY_LENGTH = 1000;

function summary({ name, message }: ExceptionRecord): string {
  const text = `${name}: ${message}`;
  return text.length <= MAX_SUMMARY_LENGTH ? text : `${text.slice(0, MAX_SUMMARY_LENGTH)}…`;
}
