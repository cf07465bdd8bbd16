import { once } from 'node:events';
import { statSync } from 'node:fs';
import { claimFolder, makeStartingFolder } from '../client/detached-folder.ts';
import type { HomeLocation } from '../client/home.ts';
import { InvalidOptionError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import { MARK_PREFIX, newMark } from '../process/guardian.ts';
import { identityOf, ownIdentity } from '../process/identity.ts';
import { attachProcess, type KnownRun } from './attach-process.ts';
import { AttachedProcess } from './attached-process.ts';
import { keeperLauncher, keeperPid, type Keeper, writeKeeper } from './keeper.ts';
import type { RunProcess, StartedProcess } from './run-process.ts';
import { type ProcessPlan, startProcess } from './start-process.ts';

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
 */
export async function startDetached(plan: ProcessPlan, location: HomeLocation): Promise<DetachedStart> {
  const { cwd = process.cwd() } = plan;
  if (statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) throw noFolder(cwd, plan.flowFile);
  const { home, folder } = makeStartingFolder(location);
  const mark = newMark();
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
  await once(subprocess, 'exit');
  const pid = keeperPid(folder);
  // One that has ended already has no start time any more.
  const identity = identityOf(pid) ?? { ...ownIdentity(), pid, startTime: '' };
  const keeper: Keeper = { command, identity, group, mark };
  writeKeeper(folder, keeper);
  const started = await AttachedProcess.open({
    pid,
    command,
    identity,
    tree: { pid: group, startTime: undefined, mark },
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
}

function noFolder(cwd: string, flowFile: string): InvalidOptionError {
  return new InvalidOptionError(
    { option: 'cwd', expected: 'a folder', received: JSON.stringify(cwd) },
    `could not start ${flowFile} in ${cwd}: there is no such folder`,
    'Make the folder, or give another as cwd.',
  );
}
