import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, linkSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { RacewayError } from '../core/errors.ts';
import { homeError } from './home-error.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './sqlite-schema.ts';

/** How long a transaction waits for others to finish theirs. Hundreds of runs may write to one home. */
const BUSY_TIMEOUT_MS = 60_000;

/** A row as SQLite gives it back; whoever asks knows its columns. */
export type Row = Readonly<Record<string, string | number | bigint | Uint8Array | null>>;

/** The database of a home: statements are prepared once, and every write is one transaction. */
export class SqliteDatabase {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** The files it consists of, as they were when it was opened. */
  readonly #files: readonly { readonly path: string; readonly inode: number | undefined }[];

  private constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#files = [file, `${file}-wal`, `${file}-shm`].map((path) => ({ path, inode: inodeOf(path) }));
  }

  /**
   * Opens the database file, which is made first unless it is there, and brings an older one up to date.
   *
   * @throws {RacewayError} `HOME` when the file is no database of raceway, is damaged, or was made by a newer version
   */
  static open(file: string, { readOnly = false }: { readOnly?: boolean } = {}): SqliteDatabase {
    return explained(file, () => {
      refuseRemains(file);
      if (!readOnly && !existsSync(file)) create(file);
      const database = new DatabaseSync(file, { readOnly, timeout: BUSY_TIMEOUT_MS });
      try {
        // A checkpoint waits for the disk; four times the default makes them rarer, and a home at most 16 MB larger.
        database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
        prepareSchema(database, { file, readOnly });
        return new SqliteDatabase(database, file);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** All rows; `values` are positional, or one object of named ones. */
  all(sql: string, ...values: SQLInputValue[] | [Readonly<Record<string, SQLInputValue>>]): readonly Row[] {
    return this.#statement(sql).all(...(values as SQLInputValue[]));
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  /** Runs one statement and says how many rows it changed and the key of the row it added. */
  run(
    sql: string,
    ...values: SQLInputValue[] | [Readonly<Record<string, SQLInputValue>>]
  ): { readonly changes: number; readonly key: number } {
    const { changes, lastInsertRowid } = this.#statement(sql).run(...(values as SQLInputValue[]));
    return { changes: Number(changes), key: Number(lastInsertRowid) };
  }

  /**
   * Does `work` in one transaction, which is wholly there afterwards or not at all. It takes the write lock first, since
   * a transaction that begins by reading and then wants to write fails when another wrote in between.
   *
   * @throws {RacewayError} `HOME` when the files of the database are no longer where they were: SQLite would go on writing to
   *   files that nobody finds
   */
  write<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#checkFiles();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Does several reads on one state of the database. */
  read<T>(work: () => T): T {
    this.#database.exec('BEGIN');
    try {
      return work();
    } finally {
      this.#database.exec('COMMIT');
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Three looks cost a few microseconds, which is little beside a transaction. */
  #checkFiles(): void {
    for (const { path, inode } of this.#files) {
      if (inodeOf(path) === inode) continue;
      const cause = Object.assign(new Error(`${path} is gone, or is another file now`), { code: 'ENOENT' });
      throw homeError(`cannot write to the database ${this.#files[0]?.path}`, { home: dirname(path), cause });
    }
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

/**
 * What is left of a database is not to be taken for a new one: SQLite would throw away the log of one that is empty, and
 * would add the log of one that is gone to another.
 */
function refuseRemains(file: string): void {
  const isLogThere = existsSync(`${file}-wal`); // asked first, since another process may be making the database just now
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size !== 0 && (size !== undefined || !isLogThere)) return;
  throw new RacewayError(
    'HOME',
    size === 0
      ? `cannot open the database ${file}: it is empty, so somebody truncated it`
      : `cannot open the database ${file}: it is gone, and what was written last, ${file}-wal, is still there`,
    `Bring it back. If there is no copy, the runs in it are lost: remove ${file}* so that a new one can be made.`,
  );
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}

/**
 * Makes the file under another name and links it into place: whoever is second finds a finished database, and nobody
 * meets one that is being turned to WAL, which takes an exclusive lock and does not wait for it.
 */
function create(file: string): void {
  const temporary = `${file}.${randomUUID()}`;
  try {
    const database = new DatabaseSync(temporary);
    try {
      chmodSync(temporary, 0o600); // SQLite gives the WAL the mode of the database
      database.exec('PRAGMA journal_mode = WAL');
      migrate(database, 0);
    } finally {
      database.close();
    }
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function prepareSchema(database: DatabaseSync, { file, readOnly }: { file: string; readOnly: boolean }): void {
  const version = schemaVersion(database);
  if (version === SCHEMA_VERSION) return;
  const home = dirname(file);
  if (version > SCHEMA_VERSION) {
    throw new RacewayError(
      'HOME',
      `cannot use the home ${home}: it was written by a newer raceway (its schema is ${version}, this one knows ${SCHEMA_VERSION})`,
      'Update raceway, or give another folder with --home, RACEWAY_HOME or the option home.',
    );
  }
  if (readOnly) {
    throw new RacewayError(
      'HOME',
      `cannot read the home ${home}: it was written by an older raceway and may not be changed by this user`,
      'Let its owner open it once with this version.',
    );
  }
  database.exec('BEGIN IMMEDIATE');
  migrate(database, schemaVersion(database)); // another process may have been faster
  database.exec('COMMIT');
}

function migrate(database: DatabaseSync, from: number): void {
  for (const migration of MIGRATIONS.slice(from)) database.exec(migration);
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
}

function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}

function explained<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof RacewayError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RacewayError(
      'HOME',
      `cannot open the database ${file}: ${reason}`,
      'Check that the file is readable and whole, or give another folder with --home, RACEWAY_HOME or the option home.',
      { cause },
    );
  }
}
