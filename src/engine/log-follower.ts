import type { TaskLog } from './task-log.ts';

const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/**
 * Looks at the logs of all running tasks: at once when a worker says that it printed, and by itself less and less often
 * while nothing is new, for what other processes of a task print. It polls, because a watch costs one of the few inotify
 * instances that a user has, and there may be hundreds of runs.
 */
export class LogFollower {
  readonly #logs = new Set<TaskLog>();
  /** Told when a log cannot be followed: the disk is full, the folder is gone. */
  onError: (error: unknown) => void = () => {};
  #pauseMs = SHORTEST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;

  add(log: TaskLog): void {
    this.#logs.add(log);
    this.#pauseMs = SHORTEST_PAUSE_MS;
    this.#schedule();
  }

  /** Looks for the last time and closes the log. */
  remove(log: TaskLog): void {
    this.#logs.delete(log);
    if (this.#logs.size === 0) clearTimeout(this.#timer);
    log.close();
  }

  readonly look = (): void => {
    let isNew = false;
    try {
      for (const log of this.#logs) isNew = log.look() || isNew;
    } catch (error) {
      this.onError(error);
    }
    this.#pauseMs = isNew ? SHORTEST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#schedule();
  };

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#logs.size > 0) this.#timer = setTimeout(this.look, this.#pauseMs);
  }
}
