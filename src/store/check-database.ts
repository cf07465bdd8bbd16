import { DatabaseSync } from 'node:sqlite';
import { indexedColumns, mendRow, SHAPED_TABLES, shapedColumns } from './column-shapes.ts';
import { SCHEMA_VERSION } from './sqlite-schema.ts';

/** What a look at a database found. */
export interface DatabaseCheck {
  /** What is wrong, a line each; empty when it is whole. */
  readonly problems: string[];
  /** `newer` was written by a later raceway and cannot be judged by this one. */
  readonly schema: 'current' | 'older' | 'newer' | 'unknown';
}

/** No more problems than these are told of. */
const MAX_PROBLEMS = 10;

/**
 * Looks at a database as it is.
 *
 * @param file a private copy (`DatabaseView`): SQLite changes files by looking at them
 * @param options.deep also compares every index with its table, which takes much longer
 */
export function checkDatabase(file: string, { deep }: { deep: boolean }): DatabaseCheck {
  const problems: string[] = [];
  let schema: DatabaseCheck['schema'] = 'unknown';
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file);
    database.exec('PRAGMA trusted_schema = OFF'); // it may have been written by anybody
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    schema = version === SCHEMA_VERSION ? 'current' : version > SCHEMA_VERSION ? 'newer' : 'older';
    for (const row of database.prepare(`PRAGMA ${deep ? 'integrity' : 'quick'}_check(${MAX_PROBLEMS})`).all()) {
      const [text] = Object.values(row);
      if (text !== 'ok') problems.push(String(text));
    }
    if (schema !== 'current' || problems.length > 0) return { problems, schema };
    for (const row of database.prepare('PRAGMA foreign_key_check').all().slice(0, MAX_PROBLEMS)) {
      problems.push(`a row of ${String(row['table'])} refers to one of ${String(row['parent'])} that is not there`);
    }
    for (const table of SHAPED_TABLES) {
      const count = damagedRows(database, table);
      if (count > 0) problems.push(`${count} rows of ${table} hold something that raceway does not write`);
    }
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    database?.close();
  }
  return { problems, schema };
}

/** How many rows hold something else than raceway writes: in the table, or in the index that SQLite reads in its place. */
function damagedRows(database: DatabaseSync, table: string): number {
  const readings = [
    { columns: shapedColumns(table), how: ' NOT INDEXED' },
    { columns: indexedColumns(table), how: '' },
  ].filter(({ columns }) => columns.length > 0);
  const counts = readings.map(({ columns, how }) => {
    let count = 0;
    for (const row of database.prepare(`SELECT ${columns.join()} FROM ${table}${how}`).iterate()) {
      const { replaced, isUsable } = mendRow(table, row);
      if (replaced > 0 || !isUsable) count += 1;
    }
    return count;
  });
  return Math.max(...counts);
}
