import { randomUUID } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs';
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
  readonly #file: string;
  readonly #statements = new Map<string, StatementSync>();
  /** The files it consists of, as they were when it was opened. */
  readonly #files: readonly { readonly path: string; readonly inode: number | undefined }[];

  readonly #busyTimeoutMs: number;

  private constructor(database: DatabaseSync, { file, busyTimeoutMs }: { file: string; busyTimeoutMs: number }) {
    this.#database = database;
    this.#file = file;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#files = [file, `${file}-wal`, `${file}-shm`].map((path) => ({ path, inode: inodeOf(path) }));
  }

  /**
   * Opens the database file, which is made first unless it is there, and brings an older one up to date.
   *
   * @throws {RacewayError} `HOME` when the file is no database of raceway, is damaged, or was made by a newer version
   */
  static open(
    file: string,
    { readOnly = false, busyTimeoutMs = BUSY_TIMEOUT_MS }: { readOnly?: boolean; busyTimeoutMs?: number } = {},
  ): SqliteDatabase {
    return explained(file, 'open', () => {
      refuseOtherFiles(file);
      refuseRemains(file);
      if (!readOnly && !existsSync(file)) create(file);
      const database = new DatabaseSync(file, { readOnly, timeout: busyTimeoutMs });
      try {
        distrust(database);
        // A checkpoint waits for the disk; four times the default makes them rarer, and a home at most 16 MB larger.
        database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000');
        prepareSchema(database, { file, readOnly });
        return new SqliteDatabase(database, { file, busyTimeoutMs });
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
      if (this.#database.isTransaction) this.exec('ROLLBACK');
      throw error;
    }
  }

  /**
   * As `write`, without looking whether what is deleted is referred to, for who has seen to that: with each content that is
   * deleted the whole table of artifacts would be read, which has no index for it.
   */
  writeUnchecked<T>(work: () => T): T {
    this.exec('PRAGMA foreign_keys = OFF');
    try {
      return this.write(work);
    } finally {
      this.exec('PRAGMA foreign_keys = ON');
    }
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
    this.exec('PRAGMA busy_timeout = 0');
    try {
      this.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } finally {
      this.exec(`PRAGMA busy_timeout = ${this.#busyTimeoutMs}`);
    }
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Three looks cost a few microseconds, which is little beside a transaction. */
  #checkFiles(): void {
    for (const { path, inode } of this.#files) {
      const what = `cannot write to the database ${this.#file}`;
      let found: number | undefined;
      try {
        found = inodeOf(path);
      } catch (cause) {
        throw homeError(what, { home: dirname(path), cause }); // the folder may not be searched any more
      }
      if (found === inode) continue;
      const cause = Object.assign(new Error(`${path} is gone, or is another file now`), { code: 'ENOENT' });
      throw homeError(what, { home: dirname(path), cause });
    }
  }

  #explained<T>(work: () => T): T {
    return explained(this.#file, 'use', work);
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
    'Bring it back, or run raceway doctor --fix, which puts what is left of it aside so that a new one can be made.',
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
      // So that the file can be made smaller in small steps; it has to be said before there is a table.
      database.exec('PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL');
      migrate(database, 0);
    } finally {
      database.close();
    }
    linkSync(temporary, file);
  } catch (error) {
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) throw error; // else another process was faster
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Sees to it that SQLite touches no file but those of this database: a link would lead it to another one, and a rollback
 * journal, which may name other files, is played back before anything can be asked. raceway keeps a WAL and makes none.
 */
export function refuseOtherFiles(file: string): void {
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

/** Every error of SQLite that has a cause outside the program passes here: it says which file, why, and what to do. */
function explained<T>(file: string, what: 'open' | 'use', work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof RacewayError) throw cause;
    const known = cause instanceof RangeError ? FOREIGN : CAUSES.get(primaryCode(cause)); // a number that JavaScript cannot hold
    if (known === undefined && what === 'use') throw cause; // a mistake of the program
    const message =
      (known === NOT_OPENED ? refusalOf(file) : undefined) ?? (cause instanceof Error ? cause.message : String(cause));
    throw new RacewayError(
      'HOME',
      `cannot ${what} the database ${file}: ${known?.reason === undefined ? message : `${known.reason} (${message})`}`,
      known?.advice ??
        'Check that the file is readable, or give another folder with --home, RACEWAY_HOME or the option home.',
      { cause },
    );
  }
}

interface Cause {
  /** When what SQLite says is not enough. */
  readonly reason?: string;
  readonly advice: string;
}

const DAMAGED: Cause = {
  reason: 'it is damaged',
  advice: 'Run raceway doctor, which finds out what can be saved.',
};
const NOT_OPENED: Cause = {
  reason: 'it, or the folder it is in, cannot be read or written to',
  advice: 'See that it is there and that you may write to it; raceway doctor looks into it.',
};

const FOREIGN: Cause = {
  advice:
    'It is damaged, or was not written by raceway: run raceway doctor, or give another folder with --home, RACEWAY_HOME or the option home.',
};

const CONSTRAINT_CODE = 19;
const MISMATCH_CODE = 20;

/** What the primary result codes of SQLite mean that do not speak of a mistake of the program. */
const CAUSES: ReadonlyMap<number | undefined, Cause> = new Map<number | undefined, Cause>([
  [1, FOREIGN], // no such table, malformed JSON
  [
    5, // nobody needs the lock for long: who keeps it for a minute was stopped inside a transaction, as with Ctrl-Z
    {
      reason: 'another process has locked it and does not go on',
      advice:
        'Find the one that was stopped (state T in ps) and let it go on (kill -CONT) or end it. Then resume the run.',
    },
  ],
  [
    8,
    {
      reason: 'it cannot be written to',
      advice: 'Get the right to write to it, or another home; raceway doctor looks into it.',
    },
  ],
  [10, { reason: 'the disk failed or the file is gone', advice: 'See to the disk, then run raceway doctor.' }],
  [11, DAMAGED],
  [13, { reason: 'the disk is full', advice: 'Make room (raceway rm and raceway gc do), then resume the run.' }],
  [14, NOT_OPENED],
  [18, FOREIGN], // too big
  [CONSTRAINT_CODE, FOREIGN],
  [MISMATCH_CODE, FOREIGN],
  [26, DAMAGED],
]);

/** Whether a row was refused because of what it is, and not because the database cannot be written. */
export function isRefusedRow(error: unknown): boolean {
  const code = primaryCode(error instanceof RacewayError ? error.cause : error);
  return code === CONSTRAINT_CODE || code === MISMATCH_CODE;
}

/** `ERR_SQLITE_ERROR` has the extended code of SQLite, the low byte of which is the primary one. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** How many files SQLite opens for a database. */
const OPEN_FILES = 4;

/**
 * SQLite does not say why a file could not be opened. The system does. The file itself is not opened for that: closing it
 * would take away the locks that this process has on it.
 */
function refusalOf(file: string): string | undefined {
  const descriptors: number[] = [];
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.R_OK); // it may have been about to be made
    for (let count = 0; count < OPEN_FILES; count += 1) descriptors.push(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}
