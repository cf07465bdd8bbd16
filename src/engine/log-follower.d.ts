import type { TaskLog } from './task-log.ts';
/**
 * Looks at the logs of all running tasks: at once when a worker says that it printed, and by itself less and less often
 * while nothing is new, for what other processes of a task print. It polls, because a watch costs one of the few inotify
 * instances that a user has, and there may be hundreds of runs.
 */
export declare class LogFollower {
  #private;
  add(log: TaskLog): void;
  /** Looks for the last time and closes the log. */
  remove(log: TaskLog): void;
  readonly look: () => void;
}
