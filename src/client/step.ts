import { inspect } from 'node:util';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import { formatPathspec } from '../core/pathspec.ts';
import type { StepRecord } from '../store/run-store.ts';
import { explainMissing } from './explain-missing.ts';
import { presentRun } from './present-run.ts';
import type { StoreLease } from './store-lease.ts';
import { Task } from './task.ts';

/**
 * A step of a run that has a task, as it was when it was read; `refresh()` reads it again. Iterating over it gives its
 * tasks, newest first.
 *
 * @example
 * const step = await home.step('SlowFlow/1763719200123456/start');
 * for await (const task of step) console.log(task.pathspec, task.status);
 */
export class Step<F extends FlowShape = AnyFlow> {
  /** `Flow/run/step`. */
  readonly pathspec: string;
  readonly #lease: StoreLease;
  #record: StepRecord;

  /** Made by the other handles. */
  constructor(lease: StoreLease, record: StepRecord) {
    this.#lease = lease;
    this.#record = record;
    this.pathspec = formatPathspec({ flow: record.flow, run: record.runId, step: record.name });
  }

  /** Reads the steps of a run in the order in which they started; for the other handles. */
  static async read<F extends FlowShape>(
    lease: StoreLease,
    { flow, runId }: { flow: string; runId: string },
  ): Promise<readonly Step<F>[]> {
    // The run comes first: read the other way round, a step that ended in between would be taken for a lost one.
    const recorded = await lease.store.run(flow, runId);
    const run = recorded && (await presentRun(recorded, lease.store));
    const steps = await lease.store.steps(flow, runId);
    return steps.map((step) => new Step<F>(lease, { ...step, finishedAt: step.finishedAt ?? run?.finishedAt }));
  }

  /** Its name. */
  get id(): string {
    return this.#record.name;
  }

  get createdAt(): Date {
    return new Date(this.#record.createdAt);
  }

  /** When its last task ended; `undefined` while one is running. */
  get finishedAt(): Date | undefined {
    return this.#record.finishedAt === undefined ? undefined : new Date(this.#record.finishedAt);
  }

  /** Whether every task it has so far has ended, successful or not. */
  get finished(): boolean {
    return this.#record.finishedAt !== undefined;
  }

  /** Identifies the source it had: the same as in what `describe` of the flow script prints unless it was changed since. */
  get sourceSha256(): string {
    return this.#record.sourceSha256;
  }

  /**
   * Reads the step again, into this handle.
   *
   * @throws {NotFoundError} when it is no longer there
   */
  async refresh(): Promise<this> {
    const { flow, runId, name } = this.#record;
    const step = (await Step.read(this.#lease, { flow, runId })).find(({ id }) => id === name);
    if (step === undefined) throw await explainMissing(this.#lease, { flow, run: runId, step: name });
    this.#record = step.#record;
    return this;
  }

  /** Its tasks so far, newest first. */
  async *tasks(): AsyncIterableIterator<Task<F>, undefined, undefined> {
    const { flow, runId, name } = this.#record;
    yield* (await Task.read<F>(this.#lease, { flow, runId, step: name })).toReversed();
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Task<F>, undefined, undefined> {
    return this.tasks();
  }

  /**
   * Any one of its tasks; the one there is, for a step outside a foreach.
   *
   * @throws {NotFoundError} when the run is no longer there
   */
  async task(): Promise<Task<F>> {
    const { flow, runId, name } = this.#record;
    const [task] = await Task.read<F>(this.#lease, { flow, runId, step: name });
    if (task === undefined) throw await explainMissing(this.#lease, { flow, run: runId, step: name });
    return task;
  }

  toString(): string {
    return this.pathspec;
  }

  [inspect.custom](): string {
    return `Step ${this.pathspec} (${this.finished ? 'finished' : 'running'})`;
  }
}
