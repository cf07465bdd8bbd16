import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, linkSync, lstatSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { RacewayError } from '../core/errors.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './sqlite-schema.ts';

/** How long a transaction waits for others to finish theirs. Hundreds of runs may write to one home. */
const BUSY_TIMEOUT_MS = 60_000;

/** A row as SQLite gives it back; whoever asks knows its columns. */
export type Row = Readonly<Record<string, string | number | bigint | Uint8Array | null>>;

/** The database of a home: statements are prepared once, and every write is one transaction. */
export class SqliteDatabase {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(file: string, database: DatabaseSync) {
    this.#file = file;
    this.#database = database;
  }

  /**
   * Opens the database file, which is made first unless it is there, and brings an older one up to date.
   *
   * @throws {RacewayError} `HOME` when the file is no database of raceway, is damaged, or was made by a newer version
   */
  static open(file: string, { readOnly = false }: { readOnly?: boolean } = {}): SqliteDatabase {
    return explained(file, () => {
      if (!readOnly && !existsSync(file)) create(file);
      refuseOtherFiles(file);
      const database = new DatabaseSync(file, { readOnly, timeout: BUSY_TIMEOUT_MS });
      try {
        distrust(database);
        // A checkpoint waits for the disk; four times the default makes them rarer, and a home at most 16 MB larger.
        database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
        prepareSchema(database, { file, readOnly });
        return new SqliteDatabase(file, database);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** All rows; `values` are positional, or one object of named ones. */
  all(sql: string, ...values: SQLInputValue[] | [Readonly<Record<string, SQLInputValue>>]): readonly Row[] {
    return this.#checked(() => this.#statement(sql).all(...(values as SQLInputValue[])));
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#checked(() => this.#statement(sql).get(...values));
  }

  /** Runs one statement and says how many rows it changed and the key of the row it added. */
  run(
    sql: string,
    ...values: SQLInputValue[] | [Readonly<Record<string, SQLInputValue>>]
  ): { readonly changes: number; readonly key: number } {
    const { changes, lastInsertRowid } = this.#checked(() => this.#statement(sql).run(...(values as SQLInputValue[])));
    return { changes: Number(changes), key: Number(lastInsertRowid) };
  }

  /**
   * Does `work` in one transaction, which is wholly there afterwards or not at all. It takes the write lock first, since
   * a transaction that begins by reading and then wants to write fails when another wrote in between.
   */
  write<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
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

  /** What goes wrong because of what is in the file says so; a full disk and the like are told as they are. */
  #checked<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (!(cause instanceof Error) || !isOfContent(cause)) throw cause;
      throw new RacewayError(
        'HOME',
        `cannot use the database ${this.#file}: ${cause.message}`,
        'It is damaged, or was not written by raceway. Give another folder with --home, RACEWAY_HOME or the option home.',
        { cause },
      );
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

/**
 * Sees to it that SQLite touches no file but those of this database: a link would lead it to another one, and a rollback
 * journal, which may name other files, is played back before anything can be asked. raceway keeps a WAL and makes none.
 */
function refuseOtherFiles(file: string): void {
  for (const one of [file, `${file}-wal`, `${file}-shm`]) {
    const stats = lstatSync(one, { throwIfNoEntry: false });
    if (stats?.isFile() === false) throw new Error(`${one} is no file${stats.isSymbolicLink() ? ', but a link' : ''}`);
  }
  const journal = `${file}-journal`;
  if (lstatSync(journal, { throwIfNoEntry: false }) !== undefined) {
    throw new Error(
      `there is ${journal}, which raceway does not make; whoever trusts it can open the database with sqlite3 once`,
    );
  }
}

/** The file may have been written by anybody: what its schema says is not to call anything but what computes. */
function distrust(database: DatabaseSync): void {
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
  if ('enableDefensive' in database) database.enableDefensive(true); // Node 24.12 and newer
  const [other] = database
    .prepare(
      `SELECT type, name FROM sqlite_schema
       WHERE NOT (type = 'table' AND sql LIKE 'CREATE TABLE%')
         AND NOT (type = 'index' AND (sql IS NULL OR sql LIKE 'CREATE INDEX%' OR sql LIKE 'CREATE UNIQUE INDEX%'))`,
    )
    .all();
  if (other === undefined) return;
  throw new Error(`it has a ${String(other['type'])} ${JSON.stringify(other['name'])}, which raceway did not make`);
}

const CONTENT_ERRORS: ReadonlySet<unknown> = new Set([
  1, // SQLITE_ERROR: no such table, malformed JSON
  11, // SQLITE_CORRUPT
  18, // SQLITE_TOOBIG
  19, // SQLITE_CONSTRAINT
  20, // SQLITE_MISMATCH
  26, // SQLITE_NOTADB
]);

function isOfContent(error: Error): boolean {
  if ('errcode' in error) return CONTENT_ERRORS.has(Number(error.errcode) & 0xff); // the rest says more
  return error instanceof RangeError; // a number that JavaScript cannot hold
}

function prepareSchema(database: DatabaseSync, { file, readOnly }: { file: string; readOnly: boolean }): void {
  const version = schemaVersion(database);
  if (version === SCHEMA_VERSION) return;
  const home = dirname(file);
  if (version < 1) throw new Error('it is no database of raceway'); // those have their version from the beginning
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
