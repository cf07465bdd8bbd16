import { inspect } from 'node:util';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import type { RunStatus } from '../core/status.ts';
import type { RunKind, RunQuery } from '../store/run-store.ts';
import { explainMissing } from './explain-missing.ts';
import { presentRun } from './present-run.ts';
import { PAGE_SIZE, recordedRuns } from './recorded-runs.ts';
import { Run } from './run.ts';
import type { StoreLease } from './store-lease.ts';

const STATUSES = ['running', 'successful', 'failed', 'timeout'] as const satisfies readonly RunStatus[];
const KINDS = ['run', 'spin'] as const satisfies readonly RunKind[];

/** Which runs to list. */
export interface RunsOptions {
  /** `spin` lists those instead that executed one task of another run once more. @default 'run' */
  readonly kind?: RunKind | undefined;
  /** Only runs that have all of these, user or system tags. */
  readonly tags?: readonly string[] | undefined;
  /** Only runs in this state, or in one of these. A run whose process is gone is failed. */
  readonly status?: RunStatus | readonly RunStatus[] | undefined;
  /** Only runs that this user started. @default everyone's */
  readonly user?: string | undefined;
  /** Only runs created at this time or later. */
  readonly since?: Date | undefined;
  /** How many at most, 0 or more. @default all */
  readonly limit?: number | undefined;
}

/**
 * A flow that has runs in a home. Iterating over it gives its runs, newest first.
 *
 * @example
 * for await (const run of home.flow<SlowFlow>('SlowFlow').runs({ status: 'failed', limit: 20 })) {
 *   console.log(run.pathspec, run.finishedAt, run.reason);
 * }
 */
export class Flow<F extends FlowShape = AnyFlow> {
  /** Its name. */
  readonly id: string;
  /** The same as `id`. */
  readonly pathspec: string;
  readonly #lease: StoreLease;
  #createdAt: Date | undefined;

  /** Made by a `Home`. */
  constructor(lease: StoreLease, name: string, createdAt?: Date) {
    this.#lease = lease;
    this.id = this.pathspec = name;
    this.#createdAt = createdAt;
  }

  /** When its first run was made; `undefined` in a handle from `home.flow()` until `refresh()`. */
  get createdAt(): Date | undefined {
    return this.#createdAt;
  }

  /**
   * Reads the flow, into this handle.
   *
   * @throws {NotFoundError} when the home has no such flow
   */
  async refresh(): Promise<this> {
    const record = await this.#lease.store.flow(this.id);
    if (record === undefined) throw await explainMissing(this.#lease, { flow: this.id });
    this.#createdAt = new Date(record.createdAt);
    return this;
  }

  /**
   * Lists runs, newest first, page by page: leaving the loop early costs nothing.
   *
   * @throws {RangeError} when `limit`, `since`, `status` or `kind` is none
   * @throws {NotFoundError} at the first step of the loop, when the home has no such flow
   */
  runs({ kind = 'run', tags, status, user, since, limit = Infinity }: RunsOptions = {}): AsyncIterableIterator<
    Run<F>,
    undefined,
    undefined
  > {
    if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 0)) {
      throw new RangeError(`limit must be a whole number of 0 or more, not ${limit}\nLeave it out to list all runs.`);
    }
    if (since !== undefined && Number.isNaN(since.getTime())) {
      throw new RangeError('since must be a valid date\nCheck how it was made: it is "Invalid Date".');
    }
    const statuses = status === undefined ? undefined : typeof status === 'string' ? [status] : status;
    const unknown = statuses?.find((wanted) => !STATUSES.includes(wanted));
    if (unknown !== undefined) {
      throw new RangeError(`there is no status ${unknown}\nThere are ${STATUSES.join(', ')}.`);
    }
    if (!KINDS.includes(kind)) throw new RangeError(`there is no kind ${kind}\nThere are ${KINDS.join(', ')}.`);
    return this.#list({ kind, tags, user, since: since?.getTime() }, { statuses, limit });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Run<F>, undefined, undefined> {
    return this.runs();
  }

  /**
   * The newest run.
   *
   * @throws {NotFoundError} when the home has no such flow
   */
  async latestRun(): Promise<Run<F> | undefined> {
    return (await this.runs({ limit: 1 }).next()).value;
  }

  /**
   * The newest run that was successful.
   *
   * @throws {NotFoundError} when the home has no such flow
   */
  async latestSuccessfulRun(): Promise<Run<F> | undefined> {
    return (await this.runs({ status: 'successful', limit: 1 }).next()).value;
  }

  toString(): string {
    return this.pathspec;
  }

  [inspect.custom](): string {
    return `Flow ${this.pathspec}`;
  }

  async *#list(
    query: RunQuery,
    { statuses, limit }: { statuses: readonly RunStatus[] | undefined; limit: number },
  ): AsyncIterableIterator<Run<F>, undefined, undefined> {
    const { store } = this.#lease;
    if ((await store.flow(this.id)) === undefined) throw await explainMissing(this.#lease, { flow: this.id });
    // A lost run is recorded as running, so those have to be looked at when the failed ones are wanted.
    const recorded = statuses?.includes('failed') ? [...new Set([...statuses, 'running' as const])] : statuses;
    // Runs recorded as running may drop out, so a page as short as the limit could mean many pages.
    const pageSize = recorded?.includes('running') ? PAGE_SIZE : Math.min(limit, PAGE_SIZE);
    let left = limit;
    if (left === 0) return;
    for await (const record of recordedRuns(store, this.id, { ...query, statuses: recorded, pageSize })) {
      const run = await presentRun(record, store);
      if (statuses !== undefined && !statuses.includes(run.state.status)) continue;
      yield new Run<F>(this.#lease, run);
      left -= 1;
      if (left === 0) return;
    }
  }
}
