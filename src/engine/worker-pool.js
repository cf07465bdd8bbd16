import { WorkerProcess } from './worker-process.js';
/** The workers of a run. One is started ahead of need, so that the first task, or the next one, does not wait for Node. */
export class WorkerPool {
  #options;
  #idle = [];
  #busy = new Set();
  #ending = new Set();
  constructor(options) {
    this.#options = options;
  }
  /** Starts a worker ahead unless one is waiting for work. */
  prepare() {
    if (this.#idle.length === 0) this.#idle = [new WorkerProcess(this.#options)];
  }
  /** A worker that can be given a task; give it back afterwards. */
  take() {
    this.#idle = this.#idle.filter((worker) => worker.isFree); // one may have died meanwhile
    this.prepare();
    const [worker, ...rest] = this.#idle;
    this.#idle = rest;
    this.#busy.add(worker);
    if (this.#options.isolation === 'task') this.prepare();
    return worker;
  }
  /** Takes a worker back, and ends it unless it may be used again. */
  giveBack(worker) {
    this.#busy.delete(worker);
    if (this.#options.isolation === 'pool' && worker.isFree) {
      this.#idle = [worker, ...this.#idle];
      return;
    }
    const ended = worker.end({ graceMs: 0 }).finally(() => this.#ending.delete(ended));
    this.#ending.add(ended);
  }
  /** Ends every worker, running tasks included. Resolves when no process is left. */
  async end({ graceMs }) {
    const workers = [...this.#idle, ...this.#busy];
    this.#idle = [];
    await Promise.all([...this.#ending, ...workers.map((worker) => worker.end({ graceMs }))]);
  }
}
