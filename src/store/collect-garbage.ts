import { randomInt, randomUUID } from 'node:crypto';
import { lstatSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { readAnnouncement, readIdentity } from './detached-files.ts';
import { artifactFile, damagedDatabases, makeFolderInHome, refuseLinks, STARTING_PREFIX } from './home-folder.ts';
import { tasksShownElsewhere } from './remove-sqlite-run.ts';
import {
  amountIn,
  cardPagesFolder,
  namesIn,
  removeAll,
  runFoldersIn,
  temporaryFolders,
  unshownLogs,
} from './run-files.ts';
import type { Amount, Garbage, GarbageOptions } from './run-store.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { isCount, isProcess, isSha256, isText } from './record-shapes.ts';
import { column, jsonColumn } from './sqlite-row.ts';

/** Where the home is kept. */
interface Place {
  readonly database: SqliteDatabase;
  readonly home: string;
}

/** How many contents are dropped in one transaction: others wait for it, some hundredths of a second. */
const CONTENTS_AT_ONCE = 500;
const PAGES_AT_ONCE = 500;

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/**
 * Drops what nothing refers to, or only says what that is. Why this takes nothing from a run that is going on is told in
 * docs/decisions/gc.md.
 *
 * @param place.current the database as it is now
 */
export async function collectGarbage(
  { current, home }: { current: () => SqliteDatabase; home: string },
  { dryRun, isGone, isHeld }: GarbageOptions,
): Promise<Garbage> {
  for (const name of ['logs', 'detached', 'tmp', 'cards', 'artifacts/staged', 'artifacts/dropped']) {
    refuseLinks(home, join(home, name)); // nothing outside the home is to be removed
  }
  // While a damaged database is beside this one, what only that one knows of stays.
  const [putAside] = damagedDatabases(home);
  const isWhole = putAside === undefined;
  // All that is there is listed before the database is asked: what a run has is recorded before it has a folder.
  const folders = {
    logs: isWhole ? runFoldersIn(join(home, 'logs')) : [],
    detached: isWhole ? runFoldersIn(join(home, 'detached')) : [],
    given: [...runFoldersIn(join(home, 'artifacts', 'staged')), ...temporaryFolders(home)],
    starting: isWhole ? deadStarts(home, { isGone, isHeld }) : [],
    abandoned: abandoned(home, isHeld),
    contents: isWhole ? contentFiles(home) : [],
  };
  const database = current();
  const place = { database, home };
  const found = {
    logs: folders.logs
      .filter((run) => !isRecorded(database, run))
      .flatMap((run) => unshownLogs(home, { ...run, shownTasks: tasksShownElsewhere(database, run) })),
    detached: [
      ...folders.detached.filter((run) => !isRecorded(database, run) && isOfHome(run.path)).map(({ path }) => path),
      ...folders.starting,
    ],
    cardPages: namesIn(cardPagesFolder(home)).map((name) => join(cardPagesFolder(home), name)),
    temporary: [
      ...folders.given.filter((run) => !mayCommit(database, { ...run, isGone })).map(({ path }) => path),
      ...folders.abandoned,
    ],
  };
  const amounts = {
    logs: amountIn(found.logs),
    detached: amountIn(found.detached),
    cardPages: amountIn(found.cardPages),
    temporary: amountIn(found.temporary),
  };
  const unused = isWhole
    ? unusedContents(database, folders.contents)
    : { sizes: new Map<string, number>(), rowBytes: 0 };
  if (dryRun) {
    const databaseBytes = unused.rowBytes + database.pragma('freelist_count') * database.pragma('page_size');
    return { ...amounts, contents: amountOf(unused.sizes), databaseBytes, putAside };
  }
  for (const paths of Object.values(found)) removeAll(paths);
  const contents = await dropContents(place, unused.sizes);
  return { ...amounts, contents, databaseBytes: await shrink(database, { isGone }), putAside };
}

/** Whether it is the output of a flow of raceway: runs of other programs are recorded elsewhere, if at all. */
function isOfHome(folder: string): boolean {
  const content = readAnnouncement(folder);
  return content.kind === 'attributes' && content.attributes.home !== undefined;
}

/**
 * Folders of detached runs that never announced themselves, and with which nobody goes on: the run's process is gone, or
 * who was starting it is, and no process has a file of it open. There may be secrets in one. An empty one stays, since somebody may be
 * about to write to it.
 */
function deadStarts(home: string, { isGone, isHeld }: Omit<GarbageOptions, 'dryRun'>): readonly string[] {
  return namesIn(join(home, 'detached'))
    .filter((name) => name.startsWith(STARTING_PREFIX))
    .map((name) => join(home, 'detached', name))
    .filter((folder) => {
      if (readAnnouncement(folder).kind === 'attributes') return false;
      const process = readIdentity(folder, 'process');
      if (process !== undefined) return isGone(process);
      const starter = readIdentity(folder, 'starter');
      // It may have started the process and died before it wrote down which one that is.
      return starter !== undefined && isGone(starter) && !namesIn(folder).some((name) => isHeld(join(folder, name)));
    });
}

interface RunId {
  readonly flow: string;
  readonly runId: string;
}

function isRecorded(database: SqliteDatabase, { flow, runId }: RunId): boolean {
  return database.get('SELECT 1 FROM run WHERE flow = ? AND id = ?', flow, runId) !== undefined;
}

/** Whether what the run has put aside may still be committed: its writer is refused as soon as it is recorded as ended. */
function mayCommit(database: SqliteDatabase, { flow, runId, isGone }: RunId & Pick<GarbageOptions, 'isGone'>): boolean {
  const run = database.get(`SELECT process FROM run WHERE flow = ? AND id = ? AND status = 'running'`, flow, runId);
  return run !== undefined && !isGone(jsonColumn(run, 'process', isProcess));
}

/** What processes left under a name of their own: databases that were being made, contents that were being written or dropped. */
function abandoned(home: string, isHeld: GarbageOptions['isHeld']): readonly string[] {
  const databases = namesIn(home).filter((name) => {
    const [, main] = new RegExp(`^(raceway\\.db\\.${UUID})(-wal|-shm|-journal)?$`).exec(name) ?? [];
    return main !== undefined && !isHeld(join(home, main)); // it may be about to take the place of a damaged one
  });
  const contents = contentFolders(home).flatMap((folder) =>
    namesIn(folder)
      .filter((name) => new RegExp(`^[0-9a-f]{62}\\.${UUID}$`).test(name))
      .map((name) => join(folder, name)),
  );
  const dropped = namesIn(droppedFolder(home)).map((name) => join(droppedFolder(home), name));
  return [...databases.map((name) => join(home, name)), ...contents, ...dropped];
}

function contentFolders(home: string): readonly string[] {
  const folder = join(home, 'artifacts');
  return namesIn(folder)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .map((name) => join(folder, name));
}

/** Where contents are moved to that are being dropped: from there none comes back. */
function droppedFolder(home: string): string {
  return join(home, 'artifacts', 'dropped');
}

interface Unused {
  /** By hash, in bytes. */
  readonly sizes: ReadonlyMap<string, number>;
  /** How much of it is in the database. */
  readonly rowBytes: number;
}

interface ContentFile {
  readonly sha256: string;
  readonly path: string;
}

function contentFiles(home: string): readonly ContentFile[] {
  return contentFolders(home)
    .flatMap((folder) => namesIn(folder).map((name) => ({ sha256: folder.slice(-2) + name, path: join(folder, name) })))
    .filter(({ sha256 }) => isSha256(sha256));
}

/** Contents, in the database and in files, that nothing refers to at this moment. */
function unusedContents(database: SqliteDatabase, files: readonly ContentFile[]): Unused {
  const sizes = new Map<string, number>();
  let rowBytes = 0;
  const rows = database.all(
    `SELECT sha256, size_bytes, LENGTH(bytes) AS row_bytes FROM blob
     WHERE sha256 NOT IN (SELECT sha256 FROM artifact UNION ALL SELECT sha256 FROM card UNION ALL SELECT sha256 FROM given)`,
  );
  for (const row of rows) {
    sizes.set(column(row, 'sha256', isSha256), column(row, 'size_bytes', isCount));
    rowBytes += Number(row['row_bytes'] ?? 0);
  }
  for (const { sha256, path } of files) {
    if (database.get('SELECT 1 FROM blob WHERE sha256 = ?', sha256) !== undefined) continue;
    sizes.set(sha256, lstatSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }
  return { sizes, rowBytes };
}

function amountOf(sizes: ReadonlyMap<string, number>): Amount {
  return { count: sizes.size, sizeBytes: sizes.values().reduce((sum, size) => sum + size, 0) };
}

/**
 * Drops those of the contents that nothing refers to now either. They are doomed first; then it is looked once more which of
 * them are used, which takes long and keeps nobody waiting, since whoever commits one from then on takes its doom away.
 */
async function dropContents(place: Place, sizes: ReadonlyMap<string, number>): Promise<Amount> {
  const { database, home } = place;
  const collection = randomInt(2 ** 47);
  const dropped = new Map<string, number>();
  await inBatches([...sizes.keys()], (batch) => {
    database.write(() => {
      for (const sha256 of batch) {
        database.run('INSERT OR REPLACE INTO doomed (sha256, collection) VALUES (?, ?)', sha256, collection);
      }
    });
  });
  const unused = database.all(
    `SELECT sha256 FROM doomed
     WHERE collection = ?
       AND sha256 NOT IN (SELECT sha256 FROM artifact UNION ALL SELECT sha256 FROM card UNION ALL SELECT sha256 FROM given)`,
    collection,
  );
  makeFolderInHome(home, droppedFolder(home));
  await inBatches(
    unused.map((row) => column(row, 'sha256', isText)),
    (batch) => {
      const files = database.writeUnchecked(() =>
        batch.flatMap((sha256) => {
          const { changes } = database.run(
            'DELETE FROM doomed WHERE sha256 = ? AND collection = ?',
            sha256,
            collection,
          );
          if (changes === 0) return [];
          database.run('DELETE FROM blob WHERE sha256 = ?', sha256);
          dropped.set(sha256, sizes.get(sha256) ?? 0);
          return moveAway(home, sha256);
        }),
      );
      return () => removeAll(files); // which may take long
    },
  );
  database.run('DELETE FROM doomed WHERE collection = ?', collection);
  return amountOf(dropped);
}

/** Does a part of the work at a time and leaves others as much time in between. What a part returns is done in that time. */
async function inBatches(
  all: readonly string[],
  work: (batch: readonly string[]) => void | (() => void),
): Promise<void> {
  for (let from = 0; from < all.length; from += CONTENTS_AT_ONCE) {
    const start = performance.now();
    const rest = work(all.slice(from, from + CONTENTS_AT_ONCE));
    const heldMs = performance.now() - start;
    rest?.();
    await setTimeout(heldMs);
  }
}

/** Returns where the file is now; nothing when the content has none. */
function moveAway(home: string, sha256: string): readonly string[] {
  const dropped = join(droppedFolder(home), randomUUID());
  try {
    renameSync(artifactFile(home, sha256), dropped);
    return [dropped];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}

/** Gives the free pages of the database back, a few at a time. Returns how many bytes that were. */
async function shrink(database: SqliteDatabase, { isGone }: Pick<GarbageOptions, 'isGone'>): Promise<number> {
  const INCREMENTAL = 2;
  const before = database.pragma('page_count');
  if (database.pragma('auto_vacuum') !== INCREMENTAL) {
    // Made by an early version: once, everything has to be written anew, which others would have to wait for.
    const running = database.all(`SELECT process FROM run WHERE status = 'running'`);
    if (!running.every((row) => isGone(jsonColumn(row, 'process', isProcess)))) return 0;
    database.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM');
  }
  for (let free = database.pragma('freelist_count'); free > 0;) {
    const start = performance.now();
    database.write(() => database.exec(`PRAGMA incremental_vacuum(${PAGES_AT_ONCE})`));
    await setTimeout(performance.now() - start);
    const left = database.pragma('freelist_count');
    if (left >= free) break; // others free as many at the same time
    free = left;
  }
  database.checkpoint();
  return (before - database.pragma('page_count')) * database.pragma('page_size');
}
