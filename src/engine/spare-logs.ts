import { closeSync, openSync, renameSync } from 'node:fs';

/**
 * Empty log files of tasks that printed nothing, for tasks to come: on some file systems a new file costs twenty times as
 * much as a new name for one that is there, and most tasks print nothing. Only files that nobody else has open may be kept.
 */
export class SpareLogs {
  readonly #spares: string[] = [];

  /** Makes an empty log, of a spare file if there is one. */
  make(log: string): void {
    const spare = this.#spares.pop();
    if (spare === undefined) closeSync(openSync(log, 'a', 0o600));
    else renameSync(spare, log);
  }

  /** Takes a log that is empty and closed. It stays where it is until it is used again. */
  keep(log: string): void {
    this.#spares.push(log);
  }
}
