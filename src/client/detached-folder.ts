import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RacewayError } from '../core/errors.ts';
import { parsePathspec } from '../core/pathspec.ts';
import { ownIdentity } from '../process/identity.ts';
import { DETACHED_FILES, readAnnouncement } from '../store/detached-files.ts';
import {
  detachedFolder,
  type HomeLocation,
  locateHome,
  makeFolderInHome,
  makeHome,
  refuseLinks,
  STARTING_PREFIX,
  startingFolder,
} from '../store/home-folder.ts';

/**
 * Makes the folder for the output of a detached run that is about to start, and the home if need be.
 *
 * @throws {RacewayError} `HOME` when the home cannot be made or written to
 */
export function makeStartingFolder(location: HomeLocation): { readonly home: string; readonly folder: string } {
  const home = locateHome(location);
  makeHome(home);
  const folder = startingFolder(home, randomUUID());
  makeFolderInHome(home, folder);
  // So that it can be told to be abandoned when this process ends before anything else is in it.
  writeFileSync(join(folder, DETACHED_FILES.starter), JSON.stringify({ identity: ownIdentity() }), { mode: 0o600 });
  return { home, folder };
}

/**
 * Gives the folder of a run that has started the run's name, by which it is found. Returns where it is now.
 *
 * @throws {RacewayError} `FLOW_START` when another run has that name
 */
export function claimFolder(home: string, folder: string, pathspec: string): string {
  const { flow, run } = parsePathspec(pathspec, 'run');
  const claimed = detachedFolder(home, flow, run);
  makeFolderInHome(home, dirname(claimed));
  try {
    renameSync(folder, claimed);
  } catch (error) {
    if (!existsSync(claimed)) throw error;
    if (existsSync(folder)) {
      throw new RacewayError(
        'FLOW_START',
        `could not keep the run ${pathspec}: the output of another run of that name is in ${claimed}`,
        'A program has to give each of its runs an id of its own. If that run is of no use any more, remove the folder.',
        { cause: error },
      );
    } // else somebody who looked for the run was faster
  }
  return claimed;
}

/**
 * The folder with the output of a detached run; `undefined` when there is none.
 *
 * A script that was killed between the announcement of its run and the claim has left the folder without the run's name,
 * so those that are still starting are looked at too.
 *
 * @throws {RacewayError} `HOME` when something on the way is a link, or no file
 */
export function findDetachedFolder(home: string, pathspec: string): string | undefined {
  const { flow, run } = parsePathspec(pathspec, 'run');
  const claimed = detachedFolder(home, flow, run);
  refuseLinks(home, claimed);
  if (existsSync(claimed)) return refuseLinkedFiles(claimed);
  const folders = dirname(startingFolder(home, ''));
  const starting = existsSync(folders) ? readdirSync(folders).filter((name) => name.startsWith(STARTING_PREFIX)) : [];
  const folder = starting.map((name) => join(folders, name)).find((path) => announces(path, { flow, run }));
  if (folder !== undefined) return refuseLinkedFiles(claimFolder(home, folder, pathspec));
  return existsSync(claimed) ? claimed : undefined; // it may have been claimed while we looked
}

/** Gives the folder back, unless something in it is what no keeper has put there. */
function refuseLinkedFiles(folder: string): string {
  for (const name of readdirSync(folder)) refuseLinks(folder, join(folder, name));
  return folder;
}

function announces(folder: string, { flow, run }: { readonly flow: string; readonly run: string }): boolean {
  try {
    refuseLinks(folder, join(folder, DETACHED_FILES.attributes));
  } catch {
    return false;
  }
  const content = readAnnouncement(folder); // it may have announced nothing yet, or have just been claimed
  return content.kind === 'attributes' && content.attributes.flow_name === flow && content.attributes.run_id === run;
}
