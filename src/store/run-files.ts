import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isPathspecPart } from '../core/pathspec.ts';
import { cardFile, detachedFolder, logFolder, refuseLinks, stagedFolder } from './home-folder.ts';
import type { Amount } from './run-store.ts';

/** The place of a run in the home. */
interface RunPlace {
  readonly flow: string;
  readonly runId: string;
}

/**
 * Removes what is kept of a run outside the database. Of a run that is already gone this is what is left of it.
 *
 * @param options.shownTasks ids of tasks whose logs another run shows: these stay
 */
export function removeRunFiles(
  home: string,
  { flow, runId, shownTasks }: RunPlace & { shownTasks: ReadonlySet<string> },
): void {
  removeAll(unshownLogs(home, { flow, runId, shownTasks }));
  for (const folder of [detachedFolder(home, flow, runId), stagedFolder(home, flow, runId)]) {
    refuseLinks(home, folder);
    removeAll([folder]);
  }
  removeAll(
    temporaryFolders(home).flatMap(({ path, ...of }) => (of.flow === flow && of.runId === runId ? [path] : [])),
  );
  removeAll(cardPagesOf(home, { flow, runId }));
}

/** Logs of a run that no other run shows; the folder itself when that is all of them. */
export function unshownLogs(
  home: string,
  { flow, runId, shownTasks }: RunPlace & { shownTasks: ReadonlySet<string> },
): readonly string[] {
  const folder = logFolder(home, flow, runId);
  refuseLinks(home, folder);
  const names = namesIn(folder);
  const unshown = names.filter((name) => !shownTasks.has(name.slice(0, name.indexOf('.'))));
  return unshown.length === names.length ? [folder] : unshown.map((name) => join(folder, name));
}

/** The runs that have a folder below this one, which holds one for each flow. */
export function runFoldersIn(folder: string): readonly (RunPlace & { readonly path: string })[] {
  return namesIn(folder).flatMap((flow) =>
    namesIn(join(folder, flow)).flatMap((runId) =>
      isPathspecPart(flow) && isRunId(runId) ? [{ flow, runId, path: join(folder, flow, runId) }] : [],
    ),
  );
}

/** What attempts have put aside, with the runs they are of. */
export function temporaryFolders(home: string): readonly (RunPlace & { readonly path: string })[] {
  return namesIn(join(home, 'tmp')).flatMap((name) => {
    const [, flow, runId] = /^(.+)-(\d+)-\d+\.\d+$/.exec(name) ?? [];
    return flow === undefined || runId === undefined ? [] : [{ flow, runId, path: join(home, 'tmp', name) }];
  });
}

/** Removes files and folders with all they hold; those that are gone already do not matter. */
export function removeAll(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { recursive: true, force: true });
}

/** How many files there are in these places, and how large they are together. */
export function amountIn(paths: readonly string[]): Amount {
  let count = 0;
  let sizeBytes = 0;
  for (const path of paths) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    if (found.isDirectory()) {
      const inside = amountIn(namesIn(path).map((name) => join(path, name)));
      count += inside.count;
      sizeBytes += inside.sizeBytes;
    } else {
      count += 1;
      sizeBytes += found.size;
    }
  }
  return { count, sizeBytes };
}

/** The names in a folder; none when it is not there, or is a link. */
export function namesIn(folder: string): readonly string[] {
  try {
    return lstatSync(folder).isDirectory() ? readdirSync(folder) : [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

/** The folder with the copies of cards that were made for a browser. */
export function cardPagesFolder(home: string): string {
  return dirname(cardFile(home, { pathspec: 'any', id: 'any' }));
}

function cardPagesOf(home: string, { flow, runId }: RunPlace): readonly string[] {
  const folder = cardPagesFolder(home);
  const start = `${flow}-${runId}-`;
  // Behind it comes the name of a step: what begins with a digit is of another flow, the name of which ends in a number.
  const pages = namesIn(folder).filter((name) => name.startsWith(start) && /^\D/.test(name.slice(start.length)));
  return pages.map((name) => join(folder, name));
}

function isRunId(name: string): boolean {
  return /^\d+$/.test(name);
}
