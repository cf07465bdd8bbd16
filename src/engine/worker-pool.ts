import { WorkerProcess, type WorkerStart } from './worker-process.ts';

/** The workers of a run. One is started ahead of need, so that the first task, or the next one, does not wait for Node. */
export class WorkerPool {
  /** `pool` uses a worker again; `task` gives each task a process of its own. */
  isolation: 'pool' | 'task' = 'pool';
  readonly #start: WorkerStart;
  #idle: readonly WorkerProcess[] = [];
  readonly #busy = new Set<WorkerProcess>();
  readonly #ending = new Set<Promise<void>>();

  constructor(start: WorkerStart) {
    this.#start = start;
  }

  /** Starts a worker ahead unless one is waiting for work. */
  prepare(): void {
    if (this.#idle.length === 0) this.#idle = [new WorkerProcess(this.#start)];
  }

  /** A worker that can be given a task; give it back afterwards. */
  take(): WorkerProcess {
    this.#idle = this.#idle.filter((worker) => worker.isFree); // one may have died meanwhile
    this.prepare();
    const [worker, ...rest] = this.#idle as [WorkerProcess, ...WorkerProcess[]];
    this.#idle = rest;
    this.#busy.add(worker);
    if (this.isolation === 'task') this.prepare();
    return worker;
  }

  /** Takes a worker back, and ends it unless it may be used again. */
  giveBack(worker: WorkerProcess): void {
    this.#busy.delete(worker);
    if (this.isolation === 'pool' && worker.isFree) {
      this.#idle = [worker, ...this.#idle];
      return;
    }
    const ended = worker.end({ graceMs: 0 }).finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }

  /** Ends every worker, running tasks included. Resolves when no process is left. */
  async end({ graceMs }: { graceMs: number }): Promise<void> {
    const workers = [...this.#idle, ...this.#busy];
    this.#idle = [];
    await Promise.all([...this.#ending, ...workers.map((worker) => worker.end({ graceMs }))]);
  }
}
