import { existsSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { explained } from './database-error.ts';
import { distrust, refuseOtherFiles, refuseRemains } from './distrust-database.ts';
import { homeError } from './home-error.ts';
import { createDatabase, prepareSchema } from './make-database.ts';

/** How long a transaction waits for others to finish theirs. Hundreds of runs may write to one home. */
const BUSY_TIMEOUT_MS = 60_000;

/** How long a transaction waits for others that is not worth waiting for. */
const SOON_MS = 50;

/** Of the files of a database, those that hold what was written: the other only tells its processes how to find it. */
const WITH_CONTENT = 2;

/** A row as SQLite gives it back; whoever asks knows its columns. */
export type Row = Readonly<Record<string, string | number | bigint | Uint8Array | null>>;

/** The database of a home: statements are prepared once, and every write is one transaction. */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #file: string;
  /** What errors call it. */
  readonly #named: string;
  readonly #statements = new Map<string, StatementSync>();
  /** The files it consists of, as they were when it was opened. */
  readonly #files: readonly { readonly path: string; readonly inode: number | undefined }[];

  readonly #busyTimeoutMs: number;

  private constructor(
    database: DatabaseSync,
    { file, busyTimeoutMs, named }: { file: string; busyTimeoutMs: number; named: string },
  ) {
    this.#database = database;
    this.#file = file;
    this.#named = named;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#files = [file, `${file}-wal`, `${file}-shm`].map((path) => ({ path, inode: inodeOf(path) }));
  }

  /**
   * Opens the database file, which is made first unless it is there, and brings an older one up to date.
   *
   * @param options.named the file that errors name; another one when this is a copy of it
   * @throws {RacewayError} `HOME` when the file is no database of raceway, is damaged, or was made by a newer version
   */
  static open(
    file: string,
    {
      readOnly = false,
      busyTimeoutMs = BUSY_TIMEOUT_MS,
      named = file,
    }: { readOnly?: boolean; busyTimeoutMs?: number; named?: string } = {},
  ): SqliteDatabase {
    return explained(named, 'open', () => {
      refuseOtherFiles(file);
      refuseRemains(file);
      if (!readOnly && !existsSync(file)) createDatabase(file);
      const database = new DatabaseSync(file, { readOnly, timeout: busyTimeoutMs });
      try {
        distrust(database);
        // A commit does not wait for the disk. The log is written back at 4 MB, the default of SQLite: whoever opens the database
        // first reads all of it.
        database.exec('PRAGMA synchronous = NORMAL');
        prepareSchema(database, { file, readOnly });
        return new SqliteDatabase(database, { file, busyTimeoutMs, named });
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** All rows; `values` are positional, or one object of named ones. */
  all(sql: string, ...values: SQLInputValue[] | [Readonly<Record<string, SQLInputValue>>]): readonly Row[] {
    return this.#explained(() => this.#statement(sql).all(...(values as SQLInputValue[])));
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#explained(() => this.#statement(sql).get(...values));
  }

  /** Runs one statement and says how many rows it changed and the key of the row it added. */
  run(
    sql: string,
    ...values: SQLInputValue[] | [Readonly<Record<string, SQLInputValue>>]
  ): { readonly changes: number; readonly key: number } {
    return this.#explained(() => {
      const { changes, lastInsertRowid } = this.#statement(sql).run(...(values as SQLInputValue[]));
      return { changes: Number(changes), key: Number(lastInsertRowid) };
    });
  }

  /** Whether `write` is at its work: after some errors, as when the disk is full, SQLite itself undoes all of it. */
  get isWriting(): boolean {
    return this.#database.isTransaction;
  }

  /**
   * Does `work` in one transaction, which is wholly there afterwards or not at all. It takes the write lock first, since
   * a transaction that begins by reading and then wants to write fails when another wrote in between.
   *
   * @throws {RacewayError} `HOME` when the files of the database are no longer where they were: SQLite would go on writing to
   *   files that nobody finds
   */
  write<T>(work: () => T): T {
    this.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#checkFiles();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.isWriting) this.exec('ROLLBACK');
      throw error;
    }
  }

  /**
   * As `write`, and waits until the disk has it, and with it everything that was written before. It looks once more whether the
   * files that have it are where they were, since nothing that is written later would notice. When they are not, it throws although
   * it was written.
   */
  writeThrough<T>(work: () => T): T {
    return this.#during('PRAGMA synchronous = FULL', 'PRAGMA synchronous = NORMAL', () => {
      const result = this.write(work);
      this.#checkFiles(this.#files.slice(0, WITH_CONTENT), {
        what: `cannot tell whether what was written last to the database ${this.#file} is kept`,
        next: 'see with raceway show how the run ended, and resume it if it did not succeed',
      });
      return result;
    });
  }

  /** As `write`, but waits for others so short a time only that nobody notices. */
  writeSoon<T>(work: () => T): T {
    return this.#during(`PRAGMA busy_timeout = ${SOON_MS}`, `PRAGMA busy_timeout = ${this.#busyTimeoutMs}`, () =>
      this.write(work),
    );
  }

  /**
   * As `write`, without looking whether what is deleted is referred to, for who has seen to that: with each content that is
   * deleted the whole table of artifacts would be read, which has no index for it.
   */
  writeUnchecked<T>(work: () => T): T {
    return this.#during('PRAGMA foreign_keys = OFF', 'PRAGMA foreign_keys = ON', () => this.write(work));
  }

  /** Does several reads on one state of the database. */
  read<T>(work: () => T): T {
    this.exec('BEGIN');
    try {
      return work();
    } finally {
      this.exec('COMMIT');
    }
  }

  /** Does what the statements say, to their end; some of the pragmas do nothing otherwise. */
  exec(sql: string): void {
    this.#explained(() => this.#database.exec(sql));
  }

  /** What a pragma is set to. */
  pragma(name: string): number {
    return Number(this.get(`PRAGMA ${name}`)?.[name]);
  }

  /** Writes the WAL back and empties it, unless somebody is reading from it just now. */
  checkpoint(): void {
    this.#during('PRAGMA busy_timeout = 0', `PRAGMA busy_timeout = ${this.#busyTimeoutMs}`, () =>
      this.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
    );
  }

  /**
   * Closes it. Where somebody has removed the log, what it has is saved first, since SQLite does that with the last connection only;
   * and its index is removed, or whoever opens the database next would look into a new log by the index of the old one.
   */
  close(): void {
    if (!this.#database.isOpen) return;
    const lostLog = this.#isLogRemoved();
    if (lostLog) this.#saveLog();
    this.#database.close();
    const index = this.#files.at(-1);
    if (lostLog && index !== undefined && inodeOf(index.path) === index.inode) rmSync(index.path, { force: true });
  }

  /** Whether there is no log any more: as long as one connection is open SQLite keeps it. */
  #isLogRemoved(): boolean {
    const [file, log] = this.#files;
    if (file === undefined || log?.inode === undefined) return false;
    try {
      return inodeOf(file.path) === file.inode && inodeOf(log.path) === undefined;
    } catch {
      return false; // the folder may not be searched any more
    }
  }

  #saveLog(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // As where SQLite saves it: the database stays as it was, and who reads it finds out.
    }
  }

  /** Does something with another setting. */
  #during<T>(set: string, back: string, work: () => T): T {
    this.exec(set);
    try {
      return work();
    } finally {
      this.exec(back);
    }
  }

  /** Three looks cost a few microseconds, which is little beside a transaction. */
  #checkFiles(
    files = this.#files,
    { what, next }: { readonly what: string; readonly next?: string } = {
      what: `cannot write to the database ${this.#file}`,
    },
  ): void {
    for (const { path, inode } of files) {
      let found: number | undefined;
      try {
        found = inodeOf(path);
      } catch (cause) {
        throw homeError(what, { home: dirname(path), cause, next }); // the folder may not be searched any more
      }
      if (found === inode) continue;
      const cause = Object.assign(new Error(`${path} is gone, or is another file now`), { code: 'ENOENT' });
      throw homeError(what, { home: dirname(path), cause, next });
    }
  }

  #explained<T>(work: () => T): T {
    return explained(this.#named, 'use', work);
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
