import { findDetachedFolder } from '../client/detached-folder.ts';
import { foreignRun } from '../client/foreign-run.ts';
import { findHome, type Home, homePath, openHome } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import { NotFoundError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import { attachProcess } from './attach-process.ts';
import { ExecutingRun } from './executing-run.ts';

/** Options of `Runner.attach`. */
export interface AttachOptions {
  /** The folder that holds the run. @default `RACEWAY_HOME`, else the nearest `.raceway` up from the working folder */
  readonly home?: string | undefined;
}

/** A handle on a run of a home, whoever started it; see `Runner.attach`. */
export async function attach<F extends FlowShape>(
  pathspec: string,
  { home: location }: AttachOptions,
): Promise<ExecutingRun<F>> {
  const path = homePath({ home: location });
  const folder = findDetachedFolder(path, pathspec);
  // Runs of other programs leave no database; without either there is no home, which opening it says.
  const home = folder !== undefined && findHome({ home: path }) === undefined ? undefined : await openHome(path);
  try {
    const run = await recordedRun<F>(home, pathspec, folder);
    const recorded = home === undefined || run === undefined ? undefined : { home, run };
    const process = await attachProcess({ pathspec, folder, recorded });
    const running = new ExecutingRun<F>({
      process,
      // The types of a run that is kept elsewhere are as good as the caller's word, as those of every run are.
      run: run ?? (foreignRun(pathspec) as unknown as Run<F>),
      home: recorded?.home,
      ownsHome: true,
      signal: undefined,
      timeoutMs: undefined,
      reject: false,
      advice: '',
    });
    if (process.exit !== undefined) await running.wait(); // so that its status is what it will stay
    return running;
  } catch (error) {
    await home?.close();
    throw error;
  }
}

/** @throws {NotFoundError} when there is no such run, and no output of one */
async function recordedRun<F extends FlowShape>(
  home: Home | undefined,
  pathspec: string,
  folder: string | undefined,
): Promise<Run<F> | undefined> {
  try {
    return await home?.run<F>(pathspec);
  } catch (error) {
    if (error instanceof NotFoundError && folder !== undefined) return undefined;
    throw error;
  }
}
