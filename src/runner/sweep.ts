import { LinkedAbort } from './linked-abort.ts';

/** What a sweep is to do. */
export interface SweepPlan<Task, Result> {
  /** Taken one by one, as there is room. What it waits for must end when the sweep's signal is aborted. */
  readonly tasks: AsyncGenerator<Task, void, undefined>;
  /** How many tasks may be in flight, 1 or more. */
  readonly maxConcurrency: number;
  /** No further task is taken while this many results have not been asked for. */
  readonly maxWaiting: number;
  /** Does a task. It must end when the signal is aborted, however; otherwise, when it rejects, that is the end of the sweep. */
  readonly work: (task: Task, signal: AbortSignal) => Promise<Result>;
}

/** What a sweep is made of. */
export interface SweepParts<Task, Result> {
  /** Called when the first result is asked for; when it rejects, the sweep does. */
  readonly prepare: (signal: AbortSignal) => Promise<SweepPlan<Task, Result>>;
  /** Frees what a result holds: when the one after it is asked for, or when nobody will ask for it. */
  readonly release: (result: Result) => Promise<void>;
  /** Aborting one of them ends the sweep with its reason. */
  readonly signals: readonly (AbortSignal | undefined)[];
}

const DONE = { done: true, value: undefined } as const;

/**
 * Does tasks, some at once, and gives out each result as soon as it is there. Nothing begins before the first one is asked
 * for; from then on it goes on by itself, however slow the one who asks. Leaving it ends what is in flight first.
 */
export class Sweep<Task, Result> implements AsyncIterableIterator<Result, undefined, undefined>, AsyncDisposable {
  readonly #parts: SweepParts<Task, Result>;
  readonly #leaving = new AbortController();
  /** Not yet asked for. */
  readonly #results: Result[] = [];
  /** Asked for, and not yet followed by another asking. */
  readonly #given: Result[] = [];
  #driven: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #change = Promise.withResolvers<void>();

  constructor(parts: SweepParts<Task, Result>) {
    this.#parts = parts;
  }

  async next(): Promise<IteratorResult<Result, undefined>> {
    await this.#release(this.#given).catch((error: unknown) => this.#fail(error));
    this.#driven ??= this.#drive();
    for (;;) {
      const result = this.#isEnding ? undefined : this.#results.shift();
      if (result !== undefined) {
        this.#given.push(result);
        this.#changed(); // there may be room for another task
        return { done: false, value: result };
      }
      if (this.#isOver) return this.#end();
      await this.#change.promise;
    }
  }

  async return(): Promise<IteratorResult<Result, undefined>> {
    this.#leaving.abort();
    this.#driven ??= Promise.resolve();
    await this.#driven;
    this.#isOver = true;
    this.#failure = undefined;
    await this.#release(this.#results);
    return DONE;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get #isEnding(): boolean {
    return this.#leaving.signal.aborted;
  }

  /** Done; or, once, what made an end of it. */
  #end(): IteratorResult<Result, undefined> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return DONE;
  }

  /** Never rejects. */
  async #drive(): Promise<void> {
    using link = new LinkedAbort([...this.#parts.signals, this.#leaving.signal]);
    const { signal } = link;
    const inFlight = new Set<Promise<void>>();
    signal.addEventListener('abort', () => {
      this.#fail(signal.reason);
      this.#changed();
    });
    try {
      signal.throwIfAborted();
      await this.#carryOut(await this.#parts.prepare(signal), { inFlight, signal });
    } catch (error) {
      this.#fail(error);
    }
    await Promise.all(inFlight);
    if (this.#isEnding) await this.#release(this.#results).catch((error: unknown) => (this.#failure ??= { error }));
    this.#isOver = true;
    this.#changed();
  }

  async #carryOut(
    { tasks, maxConcurrency, maxWaiting, work }: SweepPlan<Task, Result>,
    { inFlight, signal }: { inFlight: Set<Promise<void>>; signal: AbortSignal },
  ): Promise<void> {
    const hasRoom = () => inFlight.size < maxConcurrency && this.#results.length < maxWaiting;
    try {
      for (;;) {
        while (!signal.aborted && !hasRoom()) await this.#change.promise;
        signal.throwIfAborted();
        const { done, value } = await tasks.next();
        if (done === true) break;
        const doing = this.#do(value, { work, signal }).finally(() => {
          inFlight.delete(doing);
          this.#changed();
        });
        inFlight.add(doing);
      }
    } finally {
      await tasks.return();
    }
  }

  /** Never rejects. */
  async #do(
    task: Task,
    { work, signal }: { work: SweepPlan<Task, Result>['work']; signal: AbortSignal },
  ): Promise<void> {
    try {
      this.#results.push(await work(task, signal));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Makes an end of the sweep, unless there is one already; the first reason counts, and leaving it is none. */
  #fail(error: unknown): void {
    if (this.#isEnding) return;
    this.#failure = { error };
    this.#leaving.abort(error);
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async #release(results: Result[]): Promise<void> {
    await Promise.all(results.splice(0).map((result) => this.#parts.release(result)));
  }
}
