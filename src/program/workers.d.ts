import { LogFollower } from '../engine/log-follower.ts';
import { WorkerPool } from '../engine/worker-pool.ts';
import type { CommandLine } from './command-line.ts';
/** What a run needs of the operating system. Made as early as possible, and light to load for that. */
export declare class Workers implements AsyncDisposable {
  readonly logs: LogFollower;
  readonly pool: WorkerPool;
  /** Starts the first worker. */
  constructor({ options }: CommandLine);
  [Symbol.asyncDispose](): Promise<void>;
}
