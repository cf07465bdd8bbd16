import { inspect } from 'node:util';
import { InvalidOptionError, NotFoundError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/events.ts';
import type { AnyFlow, Artifacts, FlowShape, ParameterValues } from '../core/flow-shape.ts';
import { harmless } from '../core/harmless.ts';
import { formatPathspec } from '../core/pathspec.ts';
import { describeReason, type RunReason, type RunStatus } from '../core/status.ts';
import { checkTags } from '../core/tags.ts';
import { decodeParameters } from '../store/encoding.ts';
import { databaseFile } from '../store/home-folder.ts';
import type { RunKind, RunRecord } from '../store/run-store.ts';
import type { Artifact } from './artifact.ts';
import { type ArtifactName, type Data, lazyData } from './data.ts';
import { explainMissing } from './explain-missing.ts';
import { FileWatch } from './file-watch.ts';
import { leavable } from './leavable.ts';
import { presentRun } from './present-run.ts';
import { Step } from './step.ts';
import type { StoreLease } from './store-lease.ts';
import { suggestion } from './suggestion.ts';
import { Task } from './task.ts';

/** Which user tags to take from a run and which to give it. */
export interface TagChange {
  readonly remove?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
}

/**
 * One execution of a flow, as it was when it was read; `refresh()` reads it again and `watch()` follows it. Iterating
 * over it gives its steps, newest first.
 *
 * @example
 * const run = await home.run<SlowFlow>('SlowFlow/1763719200123456');
 * if (run.successful) console.log(await run.data.seconds);
 */
export class Run<F extends FlowShape = AnyFlow> {
  readonly id: string;
  readonly flowName: string;
  /** `Flow/run`. */
  readonly pathspec: string;
  /**
   * What the run's end task left, and the run's parameters: `await run.data.model` loads one artifact, or rejects with
   * `NotFoundError`. An artifact named `then` is only to be had from `load`.
   */
  readonly data: Data<F>;
  readonly #lease: StoreLease;
  #record: RunRecord;
  #parameters: ParameterValues<F> | undefined;
  #end: Task<F> | undefined;

  /** Made by the other handles. */
  constructor(lease: StoreLease, record: RunRecord) {
    this.#lease = lease;
    this.#record = record;
    this.id = record.id;
    this.flowName = record.flow;
    this.pathspec = formatPathspec({ flow: record.flow, run: record.id });
    this.data = lazyData(this.pathspec, async (name) => this.#value(name, await this.#artifactsByName()));
  }

  get status(): RunStatus {
    return this.#record.state.status;
  }

  /** Why it is not successful. */
  get reason(): RunReason | undefined {
    return 'reason' in this.#record.state ? this.#record.state.reason : undefined;
  }

  get successful(): boolean {
    return this.status === 'successful';
  }

  /** Whether it has ended, successful or not. */
  get finished(): boolean {
    return this.status !== 'running';
  }

  get createdAt(): Date {
    return new Date(this.#record.createdAt);
  }

  /** For a lost run, when it was last heard of. */
  get finishedAt(): Date | undefined {
    return this.#record.finishedAt === undefined ? undefined : new Date(this.#record.finishedAt);
  }

  /** Who started it. */
  get user(): string {
    return this.#record.user;
  }

  /** System tags and user tags. */
  get tags(): readonly string[] {
    return [...this.#record.systemTags, ...this.#record.userTags];
  }

  /** In alphabetical order. */
  get userTags(): readonly string[] {
    return this.#record.userTags;
  }

  get systemTags(): readonly string[] {
    return this.#record.systemTags;
  }

  /** A `spin` is one task of another run, executed once more alone. */
  get kind(): RunKind {
    return this.#record.kind;
  }

  /** The run it was resumed from, or took its task from when it is a spin. */
  get originRunId(): string | undefined {
    return this.#record.originRunId;
  }

  /**
   * The values of its parameters and configs; those of secret parameters are not kept.
   *
   * @throws {RacewayError} `HOME` when the database holds something else
   */
  get parameters(): ParameterValues<F> {
    this.#parameters ??= decodeParameters(this.#record.parameters) as ParameterValues<F>;
    return this.#parameters;
  }

  /** What was executed. */
  get command(): readonly string[] {
    return this.#record.command;
  }

  /**
   * Reads the run again, into this handle.
   *
   * @throws {NotFoundError} when it is no longer there
   */
  async refresh(): Promise<this> {
    const record = await this.#lease.store.run(this.flowName, this.id);
    if (record === undefined) throw await explainMissing(this.#lease, { flow: this.flowName, run: this.id });
    this.#record = await presentRun(record, this.#lease.store);
    return this;
  }

  /**
   * Loads several artifacts at once.
   *
   * @throws {NotFoundError} when neither the end task nor the parameters have one of these names
   *
   * @example
   * const { model, score } = await run.load('model', 'score');
   */
  async load<N extends ArtifactName<F>>(...names: readonly N[]): Promise<Pick<Artifacts<F>, N>> {
    const artifacts = await this.#artifactsByName();
    const values = await Promise.all(names.map(async (name) => [name, await this.#value(name, artifacts)] as const));
    return Object.fromEntries(values) as Pick<Artifacts<F>, N>;
  }

  /** What the end task left, by name; nothing while there is no finished end task. */
  async *artifacts(): AsyncIterableIterator<Artifact, undefined, undefined> {
    yield* (await this.#artifactsByName()).values();
  }

  /** The steps that have started, newest first. */
  async *steps(): AsyncIterableIterator<Step<F>, undefined, undefined> {
    yield* (await Step.read<F>(this.#lease, this.#place)).toReversed();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Step<F>, undefined, undefined> {
    return this.steps();
  }

  /** The tasks of all steps, newest first. */
  async *tasks(): AsyncIterableIterator<Task<F>, undefined, undefined> {
    yield* (await Task.read<F>(this.#lease, this.#place)).toReversed();
  }

  /** The task because of which the run failed, or that was running when the run was lost; one that was merely stopped is none. */
  async failedTask(): Promise<Task<F> | undefined> {
    const failed = (await Task.read<F>(this.#lease, this.#place)).filter(({ status }) => status === 'failed');
    const { reason } = this;
    const named = reason?.kind === 'task' ? failed.find(({ pathspec }) => pathspec === reason.pathspec) : undefined;
    return named ?? failed.find((task) => task.reason?.kind !== 'stopped');
  }

  /** The task of the step `end`, once it has started. */
  async endTask(): Promise<Task<F> | undefined> {
    return (await Task.read<F>(this.#lease, { ...this.#place, step: 'end' })).at(-1);
  }

  /**
   * Labels the run, and refreshes it. Its place among the runs does not change, nor does `createdAt`.
   *
   * @param tags of 1 to 500 characters; a run has at most 50
   * @throws {InvalidOptionError} when a tag is empty or too long, or when there would be too many
   */
  async addTags(tags: string | readonly string[]): Promise<void> {
    await this.replaceTags({ add: typeof tags === 'string' ? [tags] : tags });
  }

  /**
   * Takes labels off the run, and refreshes it; those it does not have do not matter.
   *
   * @throws {InvalidOptionError} when one is a system tag
   */
  async removeTags(tags: string | readonly string[]): Promise<void> {
    await this.replaceTags({ remove: typeof tags === 'string' ? [tags] : tags });
  }

  /**
   * Removes, then adds, in one step; refreshes the run.
   *
   * @throws {InvalidOptionError} as `addTags` and `removeTags`
   *
   * @example
   * await run.replaceTags({ remove: ['candidate'], add: ['released'] });
   */
  async replaceTags({ remove = [], add = [] }: TagChange): Promise<void> {
    await this.refresh(); // somebody else may have changed them
    const fixed = remove.filter((tag) => this.systemTags.includes(tag));
    if (fixed.length > 0) {
      throw new InvalidOptionError(
        { option: 'tags', expected: 'user tags', received: fixed.join(', ') },
        `cannot remove ${fixed.join(', ')} from ${this.pathspec}: a system tag stays`,
        `The user tags are ${this.userTags.join(', ') || 'none'}.`,
      );
    }
    const added = add.filter((tag) => !this.systemTags.includes(tag));
    if (added.length > 0) checkTags([...this.userTags.filter((tag) => !remove.includes(tag)), ...added]);
    await this.#lease.store.changeTags(this.flowName, this.id, { remove, add: added });
    await this.refresh();
  }

  /**
   * What happened in the run from its beginning and what happens from now on, until it has ended or is lost. The run is
   * refreshed before each event is given out. Leaving the loop stops the watching, never the run.
   *
   * @throws the reason of `signal` when it is aborted
   *
   * @example
   * for await (const event of run.watch()) console.log(event.type, event.pathspec, run.status);
   */
  watch({ signal }: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<
    RecordedEvent,
    undefined,
    undefined
  > {
    return leavable((either) => this.#watch(either), signal);
  }

  toString(): string {
    return this.pathspec;
  }

  [inspect.custom](): string {
    const why = this.reason === undefined ? '' : `: ${harmless(describeReason(this.reason))}`;
    return `Run ${this.pathspec} (${this.status}${why})`;
  }

  get #place(): { readonly flow: string; readonly runId: string } {
    return { flow: this.flowName, runId: this.id };
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<RecordedEvent> {
    signal.throwIfAborted();
    using changes = new FileWatch([databaseFile(this.#lease.home)]);
    let after = 0;
    for (;;) {
      await this.refresh();
      const { finished } = this; // asked before the reading, so that what was recorded before the end is read
      for (const event of await this.#lease.store.events(this.flowName, this.id, after)) {
        await this.refresh();
        after = event.sequence;
        yield event;
        signal.throwIfAborted();
      }
      if (finished) return;
      await changes.next(signal);
    }
  }

  async #value(name: string, artifacts: ReadonlyMap<string, Artifact>): Promise<unknown> {
    const artifact = artifacts.get(name);
    if (artifact !== undefined) return artifact.value();
    const parameters: Readonly<Record<string, unknown>> = this.parameters;
    if (Object.hasOwn(parameters, name)) return parameters[name];
    throw await this.#explainMissingArtifact(name, [...artifacts.keys(), ...Object.keys(parameters)]);
  }

  async #artifactsByName(): Promise<ReadonlyMap<string, Artifact>> {
    const end = this.#end ?? (await this.endTask());
    if (!end?.finished) return new Map();
    if (end.successful) this.#end = end; // it will not change any more
    return new Map((await Array.fromAsync(end)).map((artifact) => [artifact.name, artifact]));
  }

  async #explainMissingArtifact(name: string, names: readonly string[]): Promise<NotFoundError> {
    const recorded = (await this.#lease.store.run(this.flowName, this.id)) ?? this.#record;
    const { state } = await presentRun(recorded, this.#lease.store); // this handle may be older
    const missing = (message: string, advice: string) => new NotFoundError(`${this.pathspec}/${name}`, message, advice);
    const tasks = await Task.read<F>(this.#lease, this.#place);
    if (tasks.some((task) => task.stepName === 'end' && task.finished)) {
      return missing(
        `${this.pathspec} has no artifact ${name}`,
        suggestion(name, [...new Set(names)], 'Its end task left none.'),
      );
    }
    const latest = tasks.findLast((task) => task.successful);
    const instead = latest && `read what a task left, as in (await home.task('${latest.pathspec}')).data.${name}`;
    if (state.status === 'running') {
      return missing(
        `cannot read the artifact ${name} of ${this.pathspec}: its end task has not finished`,
        `Wait for the run (watch() ends when it does)${instead === undefined ? '' : `, or ${instead}`}.`,
      );
    }
    const why = 'reason' in state ? ` (${describeReason(state.reason)})` : '';
    return missing(
      `cannot read the artifact ${name} of ${this.pathspec}: the run ended before its end task did${why}`,
      `Resume the run${instead === undefined ? '' : `, or ${instead}`}.`,
    );
  }
}
