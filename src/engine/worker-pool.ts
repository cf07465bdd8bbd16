import { WorkerProcess, type WorkerStart } from './worker-process.ts';

/** The workers of a run. One is started ahead of need, so that the first task, or the next one, does not wait for Node. */
export class WorkerPool {
  readonly #start: WorkerStart;
  #idle: readonly WorkerProcess[] = [];
  readonly #busy = new Set<WorkerProcess>();
  readonly #ending = new Set<Promise<void>>();

  constructor(start: WorkerStart) {
    this.#start = start;
  }

  /** Starts a worker ahead unless one is waiting for work. */
  prepare(): void {
    this.#dropUnfit();
    if (this.#idle.length === 0) this.#idle = [new WorkerProcess(this.#start)];
  }

  /**
   * A worker that can be given a task; give it back afterwards.
   *
   * @param options.isolated whether no other task may have it, before or after
   */
  take({ isolated }: { isolated: boolean }): WorkerProcess {
    this.#dropUnfit();
    let worker = this.#idle.find(({ isFresh }) => isFresh || !isolated);
    if (worker === undefined) worker = new WorkerProcess(this.#start);
    else this.#idle = this.#idle.filter((other) => other !== worker);
    this.#busy.add(worker);
    if (isolated) this.prepare();
    return worker;
  }

  /** Takes a worker back, and ends it unless it may be used again. */
  giveBack(worker: WorkerProcess, { isolated }: { isolated: boolean }): void {
    this.#busy.delete(worker);
    if (!isolated && worker.isFree) {
      this.#idle = [worker, ...this.#idle];
      return;
    }
    this.#endNow(worker);
  }

  /** Ends every worker, running tasks included. Resolves when no process is left. */
  async end({ graceMs }: { graceMs: number }): Promise<void> {
    const workers = [...this.#idle, ...this.#busy];
    this.#idle = [];
    await Promise.all([...this.#ending, ...workers.map((worker) => worker.end({ graceMs }))]);
  }

  /** One may have died while it was idle, or have been spoilt by what its last task left running. */
  #dropUnfit(): void {
    const unfit = this.#idle.filter(({ isFree }) => !isFree);
    this.#idle = this.#idle.filter(({ isFree }) => isFree);
    for (const worker of unfit) this.#endNow(worker);
  }

  #endNow(worker: WorkerProcess): void {
    const ended = worker.end({ graceMs: 0 }).finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
}
