import { existsSync, lstatSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { RacewayError } from '../core/errors.ts';
import { doctorCommand } from './doctor-command.ts';

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

/**
 * What is left of a database is not to be taken for a new one: SQLite would throw away the log of one that is empty, and
 * would add the log of one that is gone to another.
 */
export function refuseRemains(file: string): void {
  const isLogThere = existsSync(`${file}-wal`); // asked first, since another process may be making the database just now
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size !== 0 && (size !== undefined || !isLogThere)) return;
  throw new RacewayError(
    'HOME',
    size === 0
      ? `cannot open the database ${file}: it is empty, so somebody truncated it`
      : `cannot open the database ${file}: it is gone, and what was written last, ${file}-wal, is still there`,
    `Bring it back, or put what is left of it aside so that a new one can be made: ${doctorCommand(file, '--fix')}`,
  );
}

/** The file may have been written by anybody: what its schema says is not to call anything but what computes. */
export function distrust(database: DatabaseSync): void {
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
