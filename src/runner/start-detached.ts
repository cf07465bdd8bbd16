import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { claimFolder, makeStartingFolder } from '../client/detached-folder.ts';
import type { HomeLocation } from '../client/home.ts';
import { RacewayError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import { endTree } from '../process/end-tree.ts';
import { endUnseenTree } from '../process/end-unseen-tree.ts';
import { type Mark, MARK_PREFIX, newMark } from '../process/guardian.ts';
import { identityOf, ownIdentity } from '../process/identity.ts';
import { runFilesError } from '../process/temp-folder.ts';
import { attachProcess, type KnownRun } from './attach-process.ts';
import { AttachedProcess } from './attached-process.ts';
import { keeperLauncher, keeperPid, type Keeper, writeKeeper } from './keeper.ts';
import type { RunProcess, StartedProcess } from './run-process.ts';
import { isFolder, noFolderError, type ProcessPlan, startProcess } from './start-process.ts';

/** A detached run process that has yet to announce its run. */
export interface DetachedStart {
  readonly process: StartedProcess;
  /** Gives its folder the run's name; the process is found by that from now on. */
  claim<F extends FlowShape>(run: Omit<KnownRun<F>, 'folder'>): Promise<RunProcess>;
}

/**
 * Starts a flow script that outlives this process. Its output goes to the home.
 *
 * @throws {RacewayError} `HOME` when the home cannot be made or written to
 * @throws {FlowFileError | InvalidOptionError} as `startProcess`
 * @throws {RacewayError} `FLOW_START` when its files cannot be written
 */
export async function startDetached(plan: ProcessPlan, location: HomeLocation): Promise<DetachedStart> {
  const { cwd = process.cwd(), flowFile } = plan;
  if (!isFolder(cwd)) throw noFolderError(cwd, flowFile);
  const { home, folder } = makeStartingFolder(location);
  const mark = newMark();
  try {
    const keeper = await startKeeper(plan, { folder, cwd, mark });
    const started = await AttachedProcess.open({
      pid: keeper.identity.pid,
      command: keeper.command,
      identities: [keeper.identity],
      tree: { pid: keeper.group, startTime: undefined, mark },
      folder,
      isRecordedEnd: async () => false,
    });
    return {
      process: started,
      async claim(run) {
        const claimed = claimFolder(home, folder, run.pathspec);
        await started.release();
        return await attachProcess({ ...run, folder: claimed });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true }); // there may be secrets in it
    throw error instanceof RacewayError ? error : runFilesError(folder, error);
  }
}

/** Starts the keeper, and writes down where it is. When that cannot be done nothing of it goes on. */
async function startKeeper(
  plan: ProcessPlan,
  { folder, cwd, mark }: { readonly folder: string; readonly cwd: string; readonly mark: Mark },
): Promise<Keeper> {
  // Else the guardian of a run that starts a detached one would end that with its own.
  const marks = Object.keys(process.env).filter((name) => name.startsWith(MARK_PREFIX));
  const {
    subprocess,
    pid: group,
    command,
  } = await startProcess(
    { ...plan, env: { ...plan.env, ...Object.fromEntries(marks.map((name) => [name, undefined])) } },
    { folder, mark, launcher: keeperLauncher({ folder, cwd }) },
  );
  try {
    await once(subprocess, 'exit');
    const pid = keeperPid(folder);
    // One that has ended already has no start time any more.
    const identity = identityOf(pid) ?? { ...ownIdentity(), pid, startTime: '' };
    const keeper: Keeper = { command, identity, group, mark };
    writeKeeper(folder, keeper);
    return keeper;
  } catch (error) {
    if (!(await endTree({ pid: group, startTime: undefined, mark }))) await endUnseenTree(group);
    throw error;
  }
}
