import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { RacewayError } from '../core/errors.ts';

/** Where a home is and how it is laid out. Everything in it is private to the user who made it. */

/** Name of the folder that is looked for up from the working folder. */
export const HOME_NAME = '.raceway';

/** Where to look for a home. */
export interface HomeLocation {
  /** This folder and no other, relative to `cwd`. */
  readonly home?: string | undefined;
  /** @default process.cwd() */
  readonly cwd?: string | undefined;
}

/**
 * The folder of the home: the one named, else `RACEWAY_HOME`, else the nearest `.raceway` up from the working folder,
 * else `.raceway` in the working folder, which may not exist yet.
 */
export function locateHome({ home = process.env['RACEWAY_HOME'], cwd = process.cwd() }: HomeLocation = {}): string {
  if (home !== undefined && home !== '') return resolve(cwd, home);
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const candidate = join(folder, HOME_NAME);
    if (existsSync(candidate)) return candidate;
    if (dirname(folder) === folder) return join(resolve(cwd), HOME_NAME);
  }
}

/**
 * Makes the folder unless it is there.
 *
 * @returns whether it was made
 * @throws {RacewayError} `HOME` when it cannot be made or written to
 */
export function makeHome(home: string): boolean {
  try {
    const made = !existsSync(home);
    if (made) makeFolder(home);
    if (!statSync(home).isDirectory()) throw new Error('it is a file');
    accessSync(home, constants.W_OK | constants.X_OK);
    return made;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RacewayError(
      'HOME',
      `cannot write to the home ${home}: ${reason}`,
      'Give a folder you may write to with --home, RACEWAY_HOME or the option home.',
      { cause },
    );
  }
}

/** Not `recursive`, with which Node never comes back from a place like /proc where a folder seems to be missing for ever. */
function makeFolder(folder: string): void {
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder));
  makePrivateFolder(folder);
}

function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process, or task, was faster
  }
}

/**
 * Makes a folder of a home, and those between the two. The home itself is never made anew by this: somebody may have removed
 * or moved it.
 */
export function makeFolderOf(home: string, folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== home) makeFolderOf(home, dirname(folder));
  makePrivateFolder(folder);
}

/** The SQLite database of a home. */
export function databaseFile(home: string): string {
  return join(home, 'raceway.db');
}

/** The file of a large artifact. */
export function artifactFile(home: string, sha256: string): string {
  return join(home, 'artifacts', sha256.slice(0, 2), sha256.slice(2));
}

/** Which log of a task is meant. */
export interface LogId {
  readonly flow: string;
  readonly runId: string;
  readonly taskId: string;
  /** From 0. */
  readonly attempt: number;
  readonly stream: 'stdout' | 'stderr';
}

/** The file with what an attempt printed, byte by byte. */
export function logFile(home: string, { flow, runId, taskId, attempt, stream }: LogId): string {
  return join(logFolder(home, flow, runId), `${taskId}.${attempt}.${stream}`);
}

/**
 * Beside a log: one line `<offset> <time>` per look the run process took at it. The bytes from `offset` on, up to the
 * next entry, were seen at `time`, in milliseconds since the epoch.
 */
export function logTimesFile(log: string): string {
  return `${log}.times`;
}

/** The folder with the logs of a run. */
export function logFolder(home: string, flow: string, runId: string): string {
  return join(home, 'logs', flow, runId);
}

/** A folder for one attempt's temporary files. */
export function attemptTempFolder(home: string, { flow, runId, taskId, attempt }: Omit<LogId, 'stream'>): string {
  return join(home, 'tmp', `${flow}-${runId}-${taskId}.${attempt}`);
}

/** Where a card is put for a browser to read it. */
export function cardFile(home: string, { pathspec, id }: { pathspec: string; id: string }): string {
  return join(home, 'cards', `${pathspec.replaceAll('/', '-')}.${encodeURIComponent(id)}.html`);
}
