import { execFileSync } from 'node:child_process';
import { closeSync, copyFileSync, mkdtempSync, openSync, readSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RacewayError } from '../core/errors.ts';
import { refuseOtherFiles } from './distrust-database.ts';
import { SqliteDatabase } from './sqlite-database.ts';

/** How often a copy is taken again when the log was begun anew meanwhile, which happens every 16 MB. */
const MAX_COPIES = 20;

/** At the beginning of a log; what is in it changes whenever the log is begun anew. */
const LOG_HEADER_BYTES = 32;

/** The smallest page of SQLite. */
const MIN_PAGE_BYTES = 512;

/**
 * A database for who is to change nothing, not even a damaged one: SQLite throws the log of an empty database away when it
 * reads it, and writes any other log back when it closes it. So it is shown private copies, in a folder for temporary files,
 * which is removed when the view is disposed of.
 */
export class DatabaseView implements Disposable {
  readonly #original: string;
  #copy: { readonly folder: string; readonly stamp: string } | undefined;
  #database: SqliteDatabase | undefined;

  /** @param file the database; it may be missing, when its log is there */
  constructor(file: string) {
    this.#original = file;
  }

  /**
   * A copy of the database as it is now, with its log beside it. It is valid until it is asked for the next time.
   *
   * @throws {RacewayError} `HOME` when it cannot be read, or there is no room for it
   */
  file(): string {
    const stamp = stampOf(this.#original);
    if (this.#copy?.stamp !== stamp) {
      this[Symbol.dispose]();
      this.#copy = { folder: mkdtempSync(join(tmpdir(), 'raceway-')), stamp };
      try {
        copyDatabase(this.#original, this.#path('raceway.db'));
      } catch (cause) {
        this[Symbol.dispose]();
        throw notLookedAt(this.#original, cause);
      }
    }
    return this.#path('raceway.db');
  }

  /**
   * The same, opened. It is valid until it, or the file, is asked for the next time.
   *
   * @throws {RacewayError} `HOME` also when it cannot be opened
   */
  database(): SqliteDatabase {
    const file = this.file();
    try {
      this.#database ??= SqliteDatabase.open(file, { named: this.#original });
      return this.#database;
    } catch (error) {
      if (!(error instanceof RacewayError)) throw error;
      const [what = '', next = ''] = error.message.replaceAll(file, this.#original).split('\n');
      throw new RacewayError(error.code, what, next, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    this.#database?.close();
    this.#database = undefined;
    if (this.#copy !== undefined) rmSync(this.#copy.folder, { recursive: true, force: true });
    this.#copy = undefined;
  }

  #path(name: string): string {
    return join(this.#copy?.folder ?? '', name);
  }
}

/**
 * While others write, the database is copied first. Whatever is written back to it meanwhile is in the log, which has all
 * that was written since it was begun; so the copies are of one state when the log is the same one before and after.
 */
function copyDatabase(file: string, copy: string): void {
  refuseOtherFiles(file);
  for (let count = 0; count < MAX_COPIES; count += 1) {
    const before = logOf(file);
    rmSync(copy, { force: true });
    rmSync(`${copy}-wal`, { force: true });
    // By another process: when this one closes a file that it has open elsewhere, it loses its locks on it.
    const isThere = statSync(file, { throwIfNoEntry: false }) !== undefined;
    if (isThere) execFileSync('cp', ['--', file, copy], { stdio: ['ignore', 'ignore', 'pipe'] });
    const isLogThere = statSync(`${file}-wal`, { throwIfNoEntry: false }) !== undefined;
    if (isLogThere) copyFileSync(`${file}-wal`, `${copy}-wal`); // which nobody locks
    if (logOf(file) !== before) continue;
    // Else SQLite would not look at the log.
    if ((statSync(copy, { throwIfNoEntry: false })?.size ?? 0) === 0) emptyPage(copy);
    return;
  }
  throw new Error('it changes too fast to be copied; wait until fewer runs go on');
}

function emptyPage(file: string): void {
  closeSync(openSync(file, 'w', 0o600));
  truncateSync(file, MIN_PAGE_BYTES);
}

/** Which log there is. Where there is none, a change of the database says that there was one meanwhile. */
function logOf(file: string): string {
  const header = Buffer.alloc(LOG_HEADER_BYTES);
  let length = 0;
  try {
    const log = openSync(`${file}-wal`, 'r');
    try {
      length = readSync(log, header);
    } finally {
      closeSync(log);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return length === 0 ? stampOf(file) : header.toString('hex');
}

function stampOf(file: string): string {
  const stats = [file, `${file}-wal`].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return stats.map((one) => (one === undefined ? '' : `${one.ino} ${one.size} ${one.mtimeNs}`)).join();
}

function notLookedAt(file: string, cause: unknown): RacewayError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new RacewayError(
    'HOME',
    `cannot look at the database ${file}: ${message.trim().split('\n').at(-1) ?? ''}`,
    `See that you may read it, and that there is room for a copy of it in ${tmpdir()}; TMPDIR names another folder.`,
    { cause },
  );
}
