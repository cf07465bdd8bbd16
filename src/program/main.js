import { enableCompileCache } from 'node:module';
import { compileCacheFolder } from '../core/compile-cache.js';
/**
 * Makes a script a flow script: reads the command line, does what it says, and ends the process with its status
 * (0 success, 1 the run failed, 2 usage or lint, 124 timed out, 130 and 143 interrupted). Does not return.
 *
 * @example
 * if (import.meta.main) await main(SlowFlow);
 */
export async function main(flowClass) {
  // Set by whoever started this process; nothing that the flow starts should have it.
  if (process.env['NODE_COMPILE_CACHE'] === compileCacheFolder()) delete process.env['NODE_COMPILE_CACHE'];
  else enableCompileCache(compileCacheFolder());
  // The engine is loaded from here on, since only what is imported now comes from the cache.
  if (process.env['RACEWAY_WORKER'] !== undefined && process.send !== undefined) {
    delete process.env['RACEWAY_WORKER'];
    const { runWorker } = await import('../engine/worker.js');
    return runWorker(flowClass);
  }
  const { runProgram } = await import('./program.js');
  return runProgram(flowClass);
}
