import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { TaskLog } from './task-log.ts';

const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** The most that waits in memory to be read from stdout when the run is to end and cannot wait for whoever reads it. */
const MAX_WAITING_BYTES = 200_000_000;

/**
 * Looks at the logs of all running tasks: at once when a worker says that it printed, and by itself less and less often
 * while nothing is new, for what other processes of a task print. It polls, because a watch costs one of the few inotify
 * instances that a user has, and there may be hundreds of runs. It looks no faster than stdout takes what is shown there:
 * what is printed waits in the logs, and not in memory.
 */
export class LogFollower {
  readonly #logs = new Set<TaskLog>();
  /** Told when a log cannot be followed: the disk is full, the folder is gone. */
  onError: (error: unknown) => void = () => {};
  #pauseMs = SHORTEST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #awaitsDrain = false;

  add(log: TaskLog): void {
    this.#logs.add(log);
    this.#pauseMs = SHORTEST_PAUSE_MS;
    this.#schedule();
  }

  /**
   * Takes in what is in the log by now and closes it.
   *
   * @param options.signal once it is aborted stdout is not waited for: what it does not take is only kept
   */
  async remove(log: TaskLog, { signal }: { signal: AbortSignal }): Promise<void> {
    try {
      // What survived the task may print for ever.
      const endBytes = log.writtenBytes;
      while (log.takenBytes < endBytes) {
        if (isFull() && !signal.aborted) {
          await pause(SHORTEST_PAUSE_MS);
          continue;
        }
        if (log.look({ isShown: process.stdout.writableLength < MAX_WAITING_BYTES }) === 'nothing') break; // it was cut
        if (log.takenBytes < endBytes) await setImmediate();
      }
    } finally {
      this.#logs.delete(log);
      if (this.#logs.size === 0) clearTimeout(this.#timer);
    }
    log.close();
  }

  readonly look = (): void => {
    let isNew = false;
    let isMore = false;
    try {
      for (const log of this.#logs.values().toArray()) {
        if (isFull()) {
          log.bound();
          continue;
        }
        const look = log.look();
        isNew ||= look !== 'nothing';
        if (look !== 'part') continue;
        isMore = true;
        this.#logs.delete(log); // the others come first next time
        this.#logs.add(log);
      }
    } catch (error) {
      this.onError(error);
    }
    if (isFull()) this.#lookAfterDrain();
    this.#pauseMs = isNew ? SHORTEST_PAUSE_MS : Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#schedule(isMore && !isFull() ? 0 : this.#pauseMs);
  };

  #lookAfterDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    process.stdout.once('drain', () => {
      this.#awaitsDrain = false;
      this.look();
    });
  }

  #schedule(pauseMs = this.#pauseMs): void {
    clearTimeout(this.#timer);
    if (this.#logs.size > 0) this.#timer = setTimeout(this.look, pauseMs);
  }
}

/** Whether whoever reads stdout has yet to take what was written there. */
function isFull(): boolean {
  // Not `writableNeedDrain`, which holds for the rest of the turn also when stdout is a file.
  return process.stdout.writableLength >= process.stdout.writableHighWaterMark;
}
