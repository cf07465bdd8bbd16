import { accessSync, constants, existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { RacewayError } from '../core/errors.ts';
import { formatCommand } from '../core/format-command.ts';
import { makePrivateFolder } from '../core/make-private-folder.ts';
import { isPathspecPart } from '../core/pathspec.ts';

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
 * else `.raceway` in the working folder, which may not exist yet. One that is not named has to belong to this user, or to
 * whom the folder belongs that it is in: anybody could put one into /tmp.
 *
 * @throws {RacewayError} `HOME` when the one in the working folder is somebody else's
 */
export function locateHome({ home = process.env['RACEWAY_HOME'], cwd = process.cwd() }: HomeLocation = {}): string {
  if (home !== undefined && home !== '') return resolve(cwd, home);
  const here = join(resolve(cwd), HOME_NAME);
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const candidate = join(folder, HOME_NAME);
    if (existsSync(candidate)) {
      if (isTrusted(candidate)) return candidate;
      if (candidate === here) throw somebodyElses(here);
    }
    if (dirname(folder) === folder) return here;
  }
}

function isTrusted(home: string): boolean {
  const user = process.getuid?.();
  const owner = lstatSync(home).uid;
  return user === undefined || owner === user || owner === statSync(dirname(home)).uid;
}

function somebodyElses(home: string): RacewayError {
  return new RacewayError(
    'HOME',
    `cannot use the home ${home}: somebody else has put it there, who owns neither the folder nor this process`,
    'Work in another folder; or name it with --home, RACEWAY_HOME or the option home if it is to be used all the same.',
  );
}

/** What is to be said of a home that is not private to this user; `undefined` when it is. */
export function describeExposure(home: string): string | undefined {
  const stats = statSync(home, { throwIfNoEntry: false });
  if (stats === undefined) return undefined; // removed a moment ago: whoever wants to use it finds out
  const { uid, mode } = stats;
  if (process.getuid !== undefined && uid !== process.getuid()) {
    return `The home ${home} belongs to another user, who can read and change what is in it.`;
  }
  const database = statSync(databaseFile(home), { throwIfNoEntry: false });
  if (((mode | (database?.mode ?? 0)) & 0o077) === 0) return undefined;
  return `The home ${home} is open to others; to make it private: ${formatCommand(['chmod', '-R', 'go=', home])}`;
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
    if (made) makePrivateFolder(home);
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

/** The SQLite database of a home. */
export function databaseFile(home: string): string {
  return join(home, 'raceway.db');
}

/** Names of databases that were damaged and put aside, with their logs: `raceway.db.damaged-2026-11-21T10-00-00-000Z`. */
export function damagedDatabases(home: string): readonly string[] {
  const names = existsSync(home) ? readdirSync(home) : [];
  return names.filter((name) => name.startsWith(DAMAGED_PREFIX) && !/-(wal|shm)$/.test(name));
}

/** Whether something in a home is raceway's, by its name. */
export function isOfHome(name: string): boolean {
  return name.startsWith('raceway.db') || FOLDERS.has(name);
}

const FOLDERS: ReadonlySet<string> = new Set(['artifacts', 'cards', 'detached', 'logs', 'tmp']);

/** Where to put a damaged database aside. */
export function newDamagedName(home: string): string {
  return join(home, `${DAMAGED_PREFIX}${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
}

const DAMAGED_PREFIX = 'raceway.db.damaged-';

/**
 * Makes a folder of the home with those between the two, unless it is there. The home itself is never made anew by this:
 * somebody may have removed or moved it.
 *
 * @throws {RacewayError} `HOME` when one of them is a link
 */
export function makeFolderInHome(home: string, folder: string): void {
  refuseLinks(home, folder);
  makePrivateFolder(folder, { below: home });
}

/**
 * Sees to it that nothing on the way from the home to a file or folder in it leads out of the home, or keeps whoever opens
 * it waiting: a home may have been written by somebody else. The home itself may be a link.
 *
 * @throws {RacewayError} `HOME` when something on the way is a link, or is there and neither a file nor a folder
 */
export function refuseLinks(home: string, path: string): void {
  let place = home;
  for (const name of relative(home, path).split(sep)) {
    place = join(place, name);
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (stats.isFile() || stats.isDirectory()) continue;
    throw new RacewayError(
      'HOME',
      `cannot use ${place}: it is ${stats.isSymbolicLink() ? 'a link' : 'neither a file nor a folder'}, which raceway does not put into a home`,
      'Put what it stands for in its place; to have a home elsewhere, link the whole home.',
    );
  }
}

/** The file of a large artifact. @throws {RacewayError} `ARTIFACT` when this can be no hash */
export function artifactFile(home: string, sha256: string): string {
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new RacewayError(
      'ARTIFACT',
      `cannot read an artifact: ${JSON.stringify(sha256)} is no hash of a content`,
      'The database of the home is damaged, or was not written by raceway. Run raceway doctor, which finds out what can be saved.',
    );
  }
  return join(home, 'artifacts', sha256.slice(0, 2), sha256.slice(2));
}

/** The folder with the contents that tasks of a run have made and that are not committed yet. Among the artifacts: a link leads nowhere else. */
export function stagedFolder(home: string, flow: string, runId: string): string {
  return join(home, 'artifacts', 'staged', part(flow), part(runId));
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
  return join(logFolder(home, flow, runId), `${part(taskId)}.${attempt}.${stream}`);
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
  return join(home, 'logs', part(flow), part(runId));
}

/** A folder for one attempt's temporary files. */
export function attemptTempFolder(home: string, { flow, runId, taskId, attempt }: Omit<LogId, 'stream'>): string {
  return join(home, 'tmp', `${part(flow)}-${part(runId)}-${part(taskId)}.${attempt}`);
}

/** Where a card is put for a browser to read it. */
export function cardFile(home: string, { pathspec, id }: { pathspec: string; id: string }): string {
  return join(home, 'cards', `${pathspec.split('/').map(part).join('-')}.${encodeURIComponent(id)}.html`);
}

/** Names of flows, steps and runs become names of files, also those that a damaged database gives. */
function part(text: string): string {
  if (isPathspecPart(text)) return text;
  throw new RacewayError(
    'HOME',
    `${JSON.stringify(text)} can be no name of a flow, run, step or task`,
    'The database of the home is damaged, or was not written by raceway. Run raceway doctor, which finds out what can be saved.',
  );
}

/** The folder with the output of a detached run, and with what tells where its process is. */
export function detachedFolder(home: string, flow: string, runId: string): string {
  return join(home, 'detached', part(flow), part(runId));
}

/** The same of a run that has not announced itself yet; no flow can have such a name. */
export function startingFolder(home: string, id: string): string {
  return join(home, 'detached', `${STARTING_PREFIX}${id}`);
}

/** What the names of folders made by `startingFolder` begin with. */
export const STARTING_PREFIX = 'starting-';
