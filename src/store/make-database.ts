import { randomUUID } from 'node:crypto';
import { chmodSync, linkSync, lstatSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RacewayError } from '../core/errors.ts';
import { MIGRATIONS, SCHEMA_VERSION } from './sqlite-schema.ts';

/**
 * Makes the file under another name and links it into place: whoever is second finds a finished database, and nobody
 * meets one that is being turned to WAL, which takes an exclusive lock and does not wait for it.
 */
export function createDatabase(file: string): void {
  const temporary = `${file}.${randomUUID()}`;
  try {
    const database = new DatabaseSync(temporary);
    try {
      chmodSync(temporary, 0o600); // SQLite gives the WAL the mode of the database
      // So that the file can be made smaller in small steps; it has to be said before there is a table.
      database.exec('PRAGMA auto_vacuum = INCREMENTAL; BEGIN IMMEDIATE');
      migrate(database, 0);
      database.exec('COMMIT');
      // Last: what is in a WAL gets into the file when that is closed, and a full disk would not be told of then.
      database.exec('PRAGMA journal_mode = WAL');
    } finally {
      database.close();
    }
    linkSync(temporary, file);
  } catch (error) {
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) throw error; // else another process was faster
  } finally {
    for (const part of ['', '-wal', '-shm', '-journal']) rmSync(temporary + part, { force: true });
  }
}

/**
 * Brings the tables of a database up to date.
 *
 * @throws {RacewayError} `HOME` when they are of a newer version, or of an older one and may not be changed
 */
export function prepareSchema(database: DatabaseSync, { file, readOnly }: { file: string; readOnly: boolean }): void {
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
