import { LogFollower } from '../engine/log-follower.ts';
import { WorkerPool } from '../engine/worker-pool.ts';
import { Guardian } from '../process/guardian.ts';
import { privateCompileCache } from '../process/private-cache.ts';

/** How long a worker may take to load the flow, in milliseconds and in terms of what this process took. */
const LEAST_START_LIMIT_MS = 60_000;
const START_LIMIT_FACTOR = 20;

/** What a run needs of the operating system. Made as early as possible, and light to load for that. */
export class Workers implements AsyncDisposable {
  readonly logs = new LogFollower();
  readonly pool: WorkerPool;
  readonly #guardian = new Guardian();

  /** Starts the first worker. */
  constructor() {
    this.pool = new WorkerPool({
      script: process.argv[1] ?? '',
      environment: { ...process.env, NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? privateCompileCache() },
      guardian: this.#guardian,
      // This process has just loaded the flow, and knows how long that takes here and now.
      startLimitMs: Math.max(LEAST_START_LIMIT_MS, START_LIMIT_FACTOR * process.uptime() * 1000),
      onPrinted: this.logs.look,
    });
    this.pool.prepare();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end({ graceMs: 0 });
    this.#guardian.dismiss(); // no process is left that it could end
  }
}
