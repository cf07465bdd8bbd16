import module from 'node:module'; // as a whole: an old Node lacks names in it, and is to be told so by node-version.ts
import { compileCacheFolder } from '../core/compile-cache.ts';
import type { FlowClass } from '../flow/flow-spec.ts';
import { privateCompileCache } from '../process/private-cache.ts';

/**
 * Makes a script a flow script: reads the command line, does what it says, and ends the process with its status
 * (0 success, 1 the run failed, 2 usage or lint, 124 timed out, 130 and 143 interrupted). Does not return.
 *
 * @example
 * if (import.meta.main) await main(SlowFlow);
 */
export async function main(flowClass: FlowClass): Promise<never> {
  // Set by whoever started this process; nothing that the flow starts should have it.
  if (process.env['NODE_COMPILE_CACHE'] === compileCacheFolder()) delete process.env['NODE_COMPILE_CACHE'];
  else enableCache(privateCompileCache());
  // The engine is loaded from here on, since only what is imported now comes from the cache.
  if (process.env['RACEWAY_WORKER'] !== undefined && process.send !== undefined) {
    delete process.env['RACEWAY_WORKER'];
    const { runWorker } = await import('../engine/worker.ts');
    return runWorker(flowClass);
  }
  const argv = process.argv.slice(2);
  // A worker takes as long to start as all the rest, so it is started before the command line is even read. The rare
  // command line that has one of these words and does not run anything ends it again.
  const workers = argv.some((word) => word === 'run' || word === 'resume' || word === 'spin')
    ? new (await import('./workers.ts')).Workers()
    : undefined;
  const { runProgram } = await import('./program.ts');
  return runProgram(flowClass, { argv, workers });
}

function enableCache(folder: string | undefined): void {
  if (folder !== undefined) module.enableCompileCache(folder);
}
