import { spawnSync } from 'node:child_process';
import { renameSync, symlinkSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { databaseFile, makeHome } from '../../src/store/home-folder.ts';
import { SqliteDatabase } from '../../src/store/sqlite-database.ts';
import { temporaryFolder } from '../temporary-folder.ts';

test('a write says what to do when another process has the database locked and does not go on', () => {
  using folder = temporaryFolder();
  const file = folder.file('raceway.db');
  const database = SqliteDatabase.open(file, { busyTimeoutMs: 50 });
  database.checkpoint(); // which has a patience of its own
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

test('a write says that the home is gone when the way to it leads nowhere', () => {
  using folder = temporaryFolder();
  const home = folder.file('home');
  makeHome(home);
  const database = SqliteDatabase.open(databaseFile(home));
  renameSync(home, folder.file('moved'));
  symlinkSync(home, home);
  expect(() => database.write(() => {})).toThrow(/^cannot write to the database .*: the home .* was removed or moved/);
  database.close();
});

test('opening a database says so when there is no file descriptor left', () => {
  using folder = temporaryFolder();
  const file = folder.file('raceway.db');
  SqliteDatabase.open(file).close();
  const program = `
    const { openSync, closeSync } = await import('node:fs');
    const { SqliteDatabase } = await import('./src/store/sqlite-database.ts');
    const open = [];
    try {
      for (;;) open.push(openSync('/dev/null', 'r'));
    } catch {
      for (const one of open.splice(0, 1)) closeSync(one);
    }
    let said;
    try {
      SqliteDatabase.open(${JSON.stringify(file)});
    } catch (error) {
      said = error.message;
    }
    for (const one of open) closeSync(one);
    console.log(said);`;
  const command = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', program];
  const { stdout } = spawnSync('sh', command, { encoding: 'utf8' });
  expect(stdout).toMatch(/^cannot open the database .*raceway\.db: it, or the folder .*EMFILE/);
});
