import { mkdirSync } from 'node:fs';
/** What `current` shows to a task. */
export class TaskContext {
  flowName;
  runId;
  stepName;
  taskId;
  retryCount;
  originRunId;
  username;
  tags;
  index;
  #stop = new AbortController();
  #tempdir;
  #listens = false;
  constructor(order) {
    this.flowName = order.flow;
    this.runId = order.runId;
    this.stepName = order.step;
    this.taskId = order.taskId;
    this.retryCount = order.attempt;
    this.originRunId = order.originRunId;
    this.username = order.user;
    this.tags = order.tags;
    this.index = order.index;
    this.#tempdir = order.tempdir;
  }
  /**
   * Whoever asks for the signal wants to be warned, and from then on SIGTERM no longer ends the process by itself. A
   * task that never asks is ended by the same SIGTERM at once, even in the middle of a loop.
   */
  signal() {
    if (!this.#listens) process.on('SIGTERM', this.#abort);
    this.#listens = true;
    return this.#stop.signal;
  }
  /** Made when first asked for; the run process removes it, however the task ends. */
  tempdir() {
    mkdirSync(this.#tempdir, { recursive: true, mode: 0o700 });
    return this.#tempdir;
  }
  [Symbol.dispose]() {
    process.off('SIGTERM', this.#abort);
  }
  #abort = () => this.#stop.abort(new Error('the run is ending'));
}
