import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { RacewayError } from '../core/errors.ts';
import { formatBytes } from '../core/format-bytes.ts';
import { fileHolders } from '../process/file-holders.ts';
import { presence } from '../process/identity.ts';
import { checkDatabase } from '../store/check-database.ts';
import { damagedDatabases, databaseFile, type HomeLocation, locateHome, newDamagedName } from '../store/home-folder.ts';
import { namesIn } from '../store/run-files.ts';
import type { Garbage, RunRecord, RunStore } from '../store/run-store.ts';
import { salvageDatabase } from '../store/salvage-database.ts';
import { refuseOtherFiles } from '../store/sqlite-database.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';
import { lostRuns } from './lost-runs.ts';

/** What a check of a home is about. */
export type FindingKind =
  'artifacts' | 'database' | 'disk' | 'file-system' | 'leftovers' | 'lost-runs' | 'permissions' | 'put-aside' | 'wal';

/** Something about a home that is not as it should be. */
export interface Finding {
  readonly kind: FindingKind;
  /** An `error` keeps raceway from working, or something from being read; a `note` is good to know. */
  readonly severity: 'error' | 'note';
  /** One line. */
  readonly what: string;
  /** What mends it, one line; it is what `mend` does, where that is there. */
  readonly remedy: string;
  /** Mends it without losing what could be kept. Resolves with what was done, and what was lost all the same. */
  readonly mend?: (() => Promise<string>) | undefined;
}

/** A WAL is written back when it has 16 MB; a larger one was held up by a reader. */
const LARGE_WAL_BYTES = 64_000_000;
const LITTLE_SPACE_BYTES = 1_000_000_000;

/** SQLite's WAL needs memory that all who use it share, which these file systems do not give to several machines. */
const SHARED_FILE_SYSTEM = /^(nfs|cifs|smb|afs|ceph|lustre|gpfs|ocfs|fuse\.(sshfs|s3fs|rclone|glusterfs|gcsfuse))/;

/**
 * Checks a home, also one that cannot be opened any more, and says what can be mended. Mend one thing after the other, in
 * the order in which they come: each is looked at when it is its turn.
 *
 * @param location as for `openHome`
 * @param options.deep also reads every content and every index, to see that it is what was stored. @default false
 * @throws {RacewayError} `HOME` when there is no home
 *
 * @example
 * for await (const { severity, what, mend } of checkHome('.raceway')) {
 *   console.log(severity, what);
 *   if (mend !== undefined) console.log(await mend());
 * }
 */
export async function* checkHome(
  location: string | HomeLocation = {},
  { deep = false }: { readonly deep?: boolean | undefined } = {},
): AsyncGenerator<Finding, void, undefined> {
  const home = locateHome(typeof location === 'string' ? { home: location } : location);
  if (!existsSync(home)) {
    throw new RacewayError('HOME', `there is no home at ${home}`, 'Run a flow first, or give another with --home.');
  }
  yield* checkPlace(home);
  yield* checkPermissions(home);
  let isUsable = true;
  for (const finding of checkDatabaseOf(home, { deep })) {
    isUsable = false;
    yield finding;
  }
  for (const name of damagedDatabases(home)) {
    yield {
      kind: 'put-aside',
      severity: 'note',
      what: `the damaged database ${join(home, name)} was put aside (${sizeOf(join(home, name))})`,
      remedy:
        'delete it, and what begins with its name, when nothing is missing: as long as it is there, gc keeps all logs and contents',
    };
  }
  if (!isUsable && (!existsSync(databaseFile(home)) || problemOfOpening(home).length > 0 || hasProblems(home))) return; // it was not mended
  await using store = openSqliteStore(home, { access: 'read' });
  yield* checkLostRuns(home, store);
  yield* checkContents(home, { store, deep });
  yield* checkLeftovers(home, store);
  yield* checkWal(home);
}

function hasProblems(home: string): boolean {
  return checkDatabase(databaseFile(home), { deep: false }).problems.length > 0;
}

function* checkPlace(home: string): Generator<Finding> {
  const type = fileSystemType(home);
  if (type !== undefined && SHARED_FILE_SYSTEM.test(type)) {
    yield {
      kind: 'file-system',
      severity: 'error',
      what: `${home} is on a ${type} file system, where the database may be damaged when several machines use it`,
      remedy: 'move it to a local disk, and name that place with RACEWAY_HOME',
    };
  }
  const { bavail, bsize } = statfsSync(home);
  const freeBytes = bavail * bsize;
  if (freeBytes < LITTLE_SPACE_BYTES) {
    yield {
      kind: 'disk',
      severity: 'note',
      what: `only ${formatBytes(freeBytes)} are free on the disk of ${home}`,
      remedy: 'make room: raceway rm removes runs, and raceway gc what they leave',
    };
  }
}

/** The type of the mount that a folder is in, where `/proc/mounts` tells. */
function fileSystemType(folder: string): string | undefined {
  if (!existsSync('/proc/mounts')) return undefined;
  const path = realpathSync(folder);
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .map(([, place = '', type]) => ({ place: place.replaceAll('\\040', ' '), type }))
    .filter(({ place }) => path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`));
  return mounts.reduce<(typeof mounts)[number] | undefined>(
    (longest, mount) => (longest === undefined || mount.place.length >= longest.place.length ? mount : longest),
    undefined,
  )?.type;
}

function* checkPermissions(home: string): Generator<Finding> {
  const open: string[] = [];
  const foreign: string[] = [];
  const user = process.getuid?.();
  for (const path of entries(home)) {
    const { mode, uid } = lstatSync(path);
    if (user !== undefined && user !== 0 && uid !== user) foreign.push(path);
    else if ((mode & 0o077) !== 0) open.push(path);
  }
  if (foreign.length > 0) {
    yield {
      kind: 'permissions',
      severity: 'error',
      what: `${describe(foreign)} belong${foreign.length === 1 ? 's' : ''} to another user`,
      remedy: 'let their owner, or root, give them to you (chown): a home belongs to one user',
    };
  }
  if (open.length > 0) {
    yield {
      kind: 'permissions',
      severity: 'error',
      what: `${describe(open)} may be read or written by other users`,
      remedy: 'take the right from them',
      mend: async () => {
        for (const path of open) chmodSync(path, lstatSync(path).mode & 0o700);
        return `made ${describe(open)} private`;
      },
    };
  }
}

/** Everything in a home but symbolic links and what tasks have put aside, which is theirs. */
function* entries(path: string, depth = 0): Generator<string> {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined || entry.isSymbolicLink()) return;
  yield path;
  if (!entry.isDirectory()) return;
  for (const name of namesIn(path)) if (depth > 0 || name !== 'tmp') yield* entries(join(path, name), depth + 1);
}

function describe(paths: readonly string[]): string {
  const [first = ''] = paths;
  return paths.length === 1 ? first : `${first} and ${paths.length - 1} more`;
}

function* checkDatabaseOf(home: string, { deep }: { deep: boolean }): Generator<Finding> {
  const file = databaseFile(home);
  if (!existsSync(file) && existsSync(`${file}-wal`)) {
    yield {
      kind: 'database',
      severity: 'error',
      what: `there is no database ${file}, only the log of what was written last, ${file}-wal`,
      remedy:
        'bring the database back if you have a copy; else put its log aside, so that the next run makes a new one',
      mend: async () => `its log is ${putLogAside(home)} now`,
    };
    return;
  }
  if (!existsSync(file)) {
    yield {
      kind: 'database',
      severity: 'error',
      what: `there is no database ${file}`,
      remedy: 'bring it back if you have a copy; the next run makes a new one, in which no earlier run is known',
    };
    return;
  }
  try {
    refuseOtherFiles(file);
  } catch (error) {
    yield {
      kind: 'database',
      severity: 'error',
      what: `the database ${file} cannot be opened: ${messageOf(error)}`,
      remedy: 'find out who put it there, then remove it, or bring back a copy of the home',
    };
    return;
  }
  const { problems, schema } = checkDatabase(file, { deep });
  if (schema === 'newer') {
    yield {
      kind: 'database',
      severity: 'error',
      what: `the database ${file} was written by a newer raceway`,
      remedy: 'update raceway',
    };
    return;
  }
  if (problems.length === 0) problems.push(...problemOfOpening(home));
  if (problems.length === 0) return;
  yield {
    kind: 'database',
    severity: 'error',
    what: `the database ${file} is damaged: ${problems.slice(0, 3).join('; ').replaceAll(/\s+/g, ' ')}`,
    remedy: 'copy what can be read into a new one; the damaged one stays beside it',
    mend: async () => mendDatabase(home),
  };
}

/** Its new name is that of a damaged database, so that nothing that only the lost one knew of is collected as garbage. */
function putLogAside(home: string): string {
  const file = databaseFile(home);
  const aside = newDamagedName(home);
  renameSync(`${file}-wal`, aside);
  rmSync(`${file}-shm`, { force: true }); // an index of the log, made anew whenever it is needed
  return aside;
}

/** What is not to be found in the file as such, like a trigger that raceway did not make. */
function problemOfOpening(home: string): readonly string[] {
  try {
    void openSqliteStore(home, { access: 'read' }).close();
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}

function mendDatabase(home: string): string {
  const file = databaseFile(home);
  const holders = fileHolders(file);
  if (holders.length > 0) {
    throw new RacewayError(
      'HOME',
      `cannot mend ${file}: ${holders.length === 1 ? 'a process has' : 'processes have'} it open (pid ${holders.join(', ')})`,
      'Wait until no run is going on in the home, or end them; then try again.',
    );
  }
  const { putAside, copied, lost } = salvageDatabase(home);
  const counts = Object.entries(copied).map(([table, count]) => `${table} ${count}`);
  return [
    `copied the rows that could be read (${counts.join(', ')}); the damaged database is ${putAside}`,
    lost.length === 0 ? 'nothing was lost' : `lost, by table: ${lost.join('; ')}`,
  ].join('\n');
}

async function* checkLostRuns(home: string, store: RunStore): AsyncGenerator<Finding> {
  const lost: RunRecord[] = [];
  for (const { name } of await store.flows()) lost.push(...(await Array.fromAsync(lostRuns(store, name))));
  if (lost.length === 0) return;
  const names = describe(lost.map(({ flow, id }) => `${flow}/${id}`));
  yield {
    kind: 'lost-runs',
    severity: 'note',
    what: `${names} ${lost.length === 1 ? 'is' : 'are'} recorded as running, and nobody will finish ${lost.length === 1 ? 'it' : 'them'}`,
    remedy: 'record that they failed, lost; they can be resumed as before',
    mend: async () => {
      await using writable = openSqliteStore(home, { access: 'read' });
      for (const { flow, id } of lost) {
        await writable.recordEnd(flow, id, { status: 'failed', reason: { kind: 'lost' } });
      }
      return `recorded ${names} as lost`;
    },
  };
}

/** Contents that a task or a card has and that are not there as they were stored. */
async function* checkContents(
  home: string,
  { store, deep }: { store: RunStore; deep: boolean },
): AsyncGenerator<Finding> {
  for await (const { sha256, what, places } of store.damagedContents({ deep })) {
    yield {
      kind: 'artifacts',
      severity: 'error',
      what: `the content ${sha256.slice(0, 12)} ${what}: ${places.join(', ')}${places.length > 2 ? ', …' : ''}`,
      remedy: `bring back ${join(home, 'artifacts', sha256.slice(0, 2), sha256.slice(2))} from a copy, or resume a run from the step that made it`,
    };
  }
}

async function* checkLeftovers(home: string, store: RunStore): AsyncGenerator<Finding> {
  const options = { isGone: (process: Parameters<typeof presence>[0]) => presence(process) === 'gone' };
  const found = await store.collectGarbage({ ...options, dryRun: true });
  const text = leftoversText(found);
  if (text === undefined) return;
  yield {
    kind: 'leftovers',
    severity: 'note',
    what: `nothing refers to ${text}`,
    remedy: 'drop them, as raceway gc does',
    mend: async () => {
      await using writable = openSqliteStore(home, { access: 'read' });
      return `dropped ${leftoversText(await writable.collectGarbage({ ...options, dryRun: false })) ?? 'nothing'}`;
    },
  };
}

function leftoversText({ contents, logs, detached, cardPages, temporary }: Garbage): string | undefined {
  const sizeBytes = [contents, logs, detached, cardPages, temporary].reduce((sum, each) => sum + each.sizeBytes, 0);
  const parts = [
    [contents.count, 'contents'],
    [logs.count + detached.count, 'logs'],
    [cardPages.count, 'copies of cards'],
    [temporary.count, 'temporary files'],
  ].flatMap(([count, name]) => (count === 0 ? [] : [`${count} ${name}`]));
  return parts.length === 0 ? undefined : `${parts.join(', ')} (${formatBytes(sizeBytes)})`;
}

function* checkWal(home: string): Generator<Finding> {
  const file = `${databaseFile(home)}-wal`;
  const sizeBytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes < LARGE_WAL_BYTES) return;
  yield {
    kind: 'wal',
    severity: 'note',
    what: `${file} has grown to ${formatBytes(sizeBytes)}`,
    remedy: 'end whoever has been reading from the home for long; then raceway gc writes it back',
  };
}

function sizeOf(path: string): string {
  return formatBytes(statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}
