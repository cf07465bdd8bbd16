import { compileCacheFolder } from '../core/compile-cache.js';
import { LogFollower } from '../engine/log-follower.js';
import { WorkerPool } from '../engine/worker-pool.js';
import { Guardian } from '../process/guardian.js';
/** What a run needs of the operating system. Made as early as possible, and light to load for that. */
export class Workers {
  logs = new LogFollower();
  pool;
  /** Starts the first worker. */
  constructor({ options }) {
    const { isolation = 'pool' } = options;
    this.pool = new WorkerPool({
      script: process.argv[1] ?? '',
      environment: { ...process.env, NODE_COMPILE_CACHE: compileCacheFolder() },
      guardian: new Guardian(),
      isolation,
      onPrinted: this.logs.look,
    });
    this.pool.prepare();
  }
  async [Symbol.asyncDispose]() {
    await this.pool.end({ graceMs: 0 });
  }
}
