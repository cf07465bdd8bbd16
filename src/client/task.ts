import { inspect } from 'node:util';
import { NotFoundError } from '../core/errors.ts';
import type { AnyFlow, Artifacts, FlowShape } from '../core/flow-shape.ts';
import { harmless } from '../core/harmless.ts';
import { formatPathspec, parsePathspec } from '../core/pathspec.ts';
import { describeReason, type TaskReason, type TaskStatus } from '../core/status.ts';
import { decodeText } from '../store/encoding.ts';
import type { ExceptionRecord } from '../store/run-store.ts';
import { Artifact } from './artifact.ts';
import { Card } from './card.ts';
import { type ArtifactName, type Data, lazyData } from './data.ts';
import { explainMissing } from './explain-missing.ts';
import { leavable } from './leavable.ts';
import type { TaskLogLine } from './log-lines.ts';
import type { StoreLease } from './store-lease.ts';
import { suggestion } from './suggestion.ts';
import { followLog, type LogLinesOptions, type LogOptions, type LogStream, logText } from './task-log.ts';
import { type AttemptSnapshot, type TaskQuery, type TaskSnapshot, taskSnapshots } from './task-snapshots.ts';

/** One try of a task, as it was when the task was read. */
export interface Attempt {
  /** From 0. */
  readonly number: number;
  readonly status: TaskStatus;
  /** Why it is not successful. */
  readonly reason: TaskReason | undefined;
  /** Why it would have failed if its step had not `catchError`. */
  readonly caught: TaskReason | undefined;
  readonly startedAt: Date;
  readonly finishedAt: Date | undefined;
}

/**
 * One execution of a step in a run, as it was when it was read; `refresh()` reads it again. Iterating over it gives its
 * artifacts.
 *
 * @example
 * const task = await home.task<SlowFlow>('SlowFlow/1763719200123456/start/1');
 * if (task.status === 'failed') console.log(task.exception?.stack, await task.stderr());
 */
export class Task<F extends FlowShape = AnyFlow> {
  /** `Flow/run/step/task`. */
  readonly pathspec: string;
  /**
   * What the task left: `await task.data.model` loads one artifact, or rejects with `NotFoundError`. An artifact named
   * `then` is only to be had from `load`.
   */
  readonly data: Data<F>;
  readonly #lease: StoreLease;
  #snapshot: TaskSnapshot;
  #artifacts: ReadonlyMap<string, Artifact> | undefined;

  /** Made by the other handles. */
  constructor(lease: StoreLease, snapshot: TaskSnapshot) {
    this.#lease = lease;
    this.#snapshot = snapshot;
    const { flow, runId, step, id } = snapshot.record;
    this.pathspec = formatPathspec({ flow, run: runId, step, task: id });
    this.data = lazyData(this.pathspec, async (name) => this.#value(name, await this.#artifactsByName()));
  }

  /** Reads tasks in the order of their ids; for the other handles. */
  static async read<F extends FlowShape>(lease: StoreLease, query: TaskQuery): Promise<readonly Task<F>[]> {
    return (await taskSnapshots(lease.store, query)).map((snapshot) => new Task<F>(lease, snapshot));
  }

  /** A number, counted within the run from 1. */
  get id(): string {
    return this.#snapshot.record.id;
  }

  get stepName(): string {
    return this.#snapshot.record.step;
  }

  get status(): TaskStatus {
    return this.#snapshot.record.state.status;
  }

  /** Why it is not successful. */
  get reason(): TaskReason | undefined {
    const { state } = this.#snapshot.record;
    return 'reason' in state ? state.reason : undefined;
  }

  /** Why it would have failed if its step had not `catchError`; `undefined` for a task that succeeded by itself. */
  get caught(): TaskReason | undefined {
    const { state } = this.#snapshot.record;
    return state.status === 'successful' ? state.caught : undefined;
  }

  get successful(): boolean {
    return this.status === 'successful';
  }

  /** Whether it has ended, successful or not. */
  get finished(): boolean {
    return this.status !== 'running';
  }

  get createdAt(): Date {
    return new Date(this.#snapshot.record.createdAt);
  }

  /** For a lost task, when its run was last heard of. */
  get finishedAt(): Date | undefined {
    return toDate(this.#snapshot.record.finishedAt);
  }

  /** What the step threw, as data; also when it was caught. */
  get exception(): ExceptionRecord | undefined {
    return this.#snapshot.record.exception;
  }

  /** In the order in which they were made; the last one is what the task's status speaks of. */
  get attempts(): readonly Attempt[] {
    return this.#snapshot.attempts.map(toAttempt);
  }

  /** Its place in the innermost foreach, from 0. */
  get index(): number | undefined {
    return this.#snapshot.record.index;
  }

  /** The item of the innermost foreach that it was made for; `undefined` outside of one. */
  get item(): unknown {
    const item = this.#snapshot.record.frames.findLast((frame) => frame.item !== undefined)?.item;
    return item === undefined ? undefined : decodeText(item);
  }

  /**
   * The names of the parameters and configs that its latest attempt looked at; `undefined` when that is not known, as while it runs
   * or when its process was ended.
   */
  get parametersRead(): readonly string[] | undefined {
    return this.#snapshot.record.reads?.parameters;
  }

  /** The task it was cloned from, when its run is a resumed one; the one that it executed once more, when that is a spin. */
  get originPathspec(): string | undefined {
    return this.#snapshot.record.originPathspec;
  }

  /**
   * Reads the task again, into this handle.
   *
   * @throws {NotFoundError} when it is no longer there
   */
  async refresh(): Promise<this> {
    const { flow, runId, step, id } = this.#snapshot.record;
    const [snapshot] = await taskSnapshots(this.#lease.store, { flow, runId, taskId: id });
    if (snapshot === undefined) throw await explainMissing(this.#lease, { flow, run: runId, step, task: id });
    this.#snapshot = snapshot;
    return this;
  }

  /**
   * Loads several artifacts at once.
   *
   * @throws {NotFoundError} when the task left no artifact of one of these names
   *
   * @example
   * const { model, score } = await task.load('model', 'score');
   */
  async load<N extends ArtifactName<F>>(...names: readonly N[]): Promise<Pick<Artifacts<F>, N>> {
    const artifacts = await this.#artifactsByName();
    const values = await Promise.all(names.map(async (name) => [name, await this.#value(name, artifacts)] as const));
    return Object.fromEntries(values) as Pick<Artifacts<F>, N>;
  }

  /** What the task left, by name. */
  async *artifacts(): AsyncIterableIterator<Artifact, undefined, undefined> {
    yield* (await this.#artifactsByName()).values();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Artifact, undefined, undefined> {
    return this.artifacts();
  }

  /** The reports that are kept with it, by id: those of its latest attempt that lived to make some. */
  async *cards(): AsyncIterableIterator<Card, undefined, undefined> {
    const { flow, runId, id } = this.#snapshot.record;
    const records = await this.#lease.store.cards(flow, runId, id);
    yield* records.map((record) => new Card(this.#lease, this.pathspec, record));
  }

  /**
   * What it has written to stdout so far; a cloned task has the output of the one it was cloned from. When somebody removed or
   * cut off its log since, a last line in brackets says how much is there; so does `logLines`.
   *
   * @throws {RacewayError} `OUTPUT_TOO_LARGE` beyond 256 MB
   */
  stdout(options: LogOptions = {}): Promise<string> {
    return logText(this.#lease, { ...options, task: this.#snapshot.record, stream: 'stdout' });
  }

  /** As `stdout()`, for stderr. */
  stderr(options: LogOptions = {}): Promise<string> {
    return logText(this.#lease, { ...options, task: this.#snapshot.record, stream: 'stderr' });
  }

  /**
   * The lines of one attempt with their times, as they come while it runs, until it has ended. Leaving the loop stops
   * the reading.
   *
   * @throws the reason of `signal` when it is aborted
   *
   * @example
   * for await (const { time, text } of task.logLines('stdout')) console.log(time.toISOString(), text);
   */
  logLines(
    stream: LogStream,
    { attempt, follow, signal }: LogLinesOptions = {},
  ): AsyncIterableIterator<TaskLogLine, undefined, undefined> {
    const task = this.#snapshot.record;
    return leavable((either) => followLog(this.#lease, { task, stream, attempt, follow, signal: either }), signal);
  }

  /** The tasks it followed: one, or several when it is a join. Those of a spin are in the run that it comes from. */
  async *parentTasks(): AsyncIterableIterator<Task<F>, undefined, undefined> {
    const { flow, runId, parentIds, originPathspec } = this.#snapshot.record;
    if (this.#snapshot.isSpun && originPathspec !== undefined) {
      const origin = parsePathspec(originPathspec, 'task');
      for (const task of await Task.read<F>(this.#lease, { flow, runId: origin.run, taskId: origin.task })) {
        if (!task.#snapshot.isSpun) yield* task.parentTasks(); // a spin comes from a run
      }
      return;
    }
    const ids = new Set(parentIds);
    yield* (await Task.read<F>(this.#lease, { flow, runId })).filter((task) => ids.has(task.id));
  }

  /** The tasks that followed it so far. */
  async *childTasks(): AsyncIterableIterator<Task<F>, undefined, undefined> {
    const { flow, runId } = this.#snapshot.record;
    const tasks = await Task.read<F>(this.#lease, { flow, runId });
    yield* tasks.filter((task) => task.#snapshot.record.parentIds.includes(this.id));
  }

  toString(): string {
    return this.pathspec;
  }

  [inspect.custom](): string {
    const why = this.reason === undefined ? '' : `: ${harmless(describeReason(this.reason))}`;
    return `Task ${this.pathspec} (${this.status}${why})`;
  }

  async #value(name: string, artifacts: ReadonlyMap<string, Artifact>): Promise<unknown> {
    const artifact = artifacts.get(name);
    if (artifact !== undefined) return artifact.value();
    const none = this.finished ? 'It left none.' : 'It is still running: read it again when it has finished.';
    throw new NotFoundError(
      `${this.pathspec}/${name}`,
      `${this.pathspec} has no artifact ${name}`,
      suggestion(name, [...artifacts.keys()], none),
    );
  }

  async #artifactsByName(): Promise<ReadonlyMap<string, Artifact>> {
    if (this.#artifacts !== undefined) return this.#artifacts;
    const { flow, runId, id } = this.#snapshot.record;
    const records = await this.#lease.store.artifacts(flow, runId, id);
    const artifacts = new Map(
      records.map((record) => [record.name, new Artifact(this.#lease, this.pathspec, record)] as const),
    );
    if (this.successful) this.#artifacts = artifacts; // those are final; a failed task may be tried again
    return artifacts;
  }
}

function toAttempt({ number, state, startedAt, finishedAt }: AttemptSnapshot): Attempt {
  return {
    number,
    status: state.status,
    reason: 'reason' in state ? state.reason : undefined,
    caught: 'caught' in state ? state.caught : undefined,
    startedAt: new Date(startedAt),
    finishedAt: toDate(finishedAt),
  };
}

function toDate(timeMs: number | undefined): Date | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs);
}
