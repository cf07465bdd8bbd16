import { WorkerProcess, type WorkerStart } from './worker-process.ts';
export interface PoolOptions extends WorkerStart {
  /** `pool` uses a worker again; `task` gives each task a process of its own. */
  readonly isolation: 'pool' | 'task';
}
/** The workers of a run. One is started ahead of need, so that the first task, or the next one, does not wait for Node. */
export declare class WorkerPool {
  #private;
  constructor(options: PoolOptions);
  /** Starts a worker ahead unless one is waiting for work. */
  prepare(): void;
  /** A worker that can be given a task; give it back afterwards. */
  take(): WorkerProcess;
  /** Takes a worker back, and ends it unless it may be used again. */
  giveBack(worker: WorkerProcess): void;
  /** Ends every worker, running tasks included. Resolves when no process is left. */
  end({ graceMs }: { graceMs: number }): Promise<void>;
}
