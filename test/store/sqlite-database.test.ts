import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { SqliteDatabase } from '../../src/store/sqlite-database.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('a write says what to do when another process has the database locked and does not go on', () => {
  using folder = temporaryFolder();
  const file = folder.file('raceway.db');
  const database = SqliteDatabase.open(file, { busyTimeoutMs: 50 });
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  expect(() => database.write(() => 'written')).toThrow(
    /^cannot use the database .*raceway\.db: another process has locked it and does not go on \(database is locked\)\nFind the one that was stopped/,
  );
  other.exec('ROLLBACK');
  expect(database.write(() => 'written')).toBe('written');
  other.close();
  database.close();
});
