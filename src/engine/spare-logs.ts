import { closeSync, openSync, renameSync } from 'node:fs';

/**
 * Empty log files of tasks that printed nothing, for the next tasks of the same worker: on some file systems a new file costs
 * twenty times as much as a new name for one that is there, and most tasks print nothing. Nobody but that worker may have
 * them open; what it prints between two tasks is nobody's, as what it prints during the next one is that one's.
 */
export class SpareLogs {
  readonly #ofWorkers = new WeakMap<object, string[]>();

  /** Makes an empty log for a task of this worker, of a spare file if there is one. */
  make(log: string, worker: object): void {
    const spare = this.#ofWorkers.get(worker)?.pop();
    if (spare === undefined) closeSync(openSync(log, 'a', 0o600));
    else renameSync(spare, log);
  }

  /** Takes a log that is empty and closed. It stays where it is until it is used again. */
  keep(log: string, worker: object): void {
    const spares = this.#ofWorkers.get(worker) ?? [];
    spares.push(log);
    this.#ofWorkers.set(worker, spares);
  }
}
