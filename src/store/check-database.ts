import { DatabaseSync } from 'node:sqlite';
import { isWhole, JSON_COLUMNS } from './json-columns.ts';
import { SCHEMA_VERSION } from './sqlite-schema.ts';

/** What a look at a database found. */
export interface DatabaseCheck {
  /** What is wrong, a line each; empty when it is whole. */
  readonly problems: string[];
  /** `newer` was written by a later raceway and cannot be judged by this one. */
  readonly schema: 'current' | 'older' | 'newer' | 'unknown';
}

/** The tables that name contents by their hash. */
const HASHED = ['blob', 'artifact', 'card'] as const;

/** No more problems than these are told of. */
const MAX_PROBLEMS = 10;

/**
 * Looks at a database as it is.
 *
 * @param file a private copy (`DatabaseView`): SQLite changes files by looking at them
 * @param options.deep also compares every index with its table, and looks into what is JSON, which takes much longer
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
    const damaged: (readonly [table: string, count: number])[] = [];
    for (const table of Object.keys(JSON_COLUMNS)) damaged.push([table, damagedRows(database, { table, deep })]);
    for (const table of HASHED) damaged.push([table, withoutHash(database, table)]);
    for (const [table, count] of damaged) {
      if (count > 0) problems.push(`${count} rows of ${table} hold something that raceway does not write`);
    }
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    database?.close();
  }
  return { problems, schema };
}

/** How many rows have something else in a column that holds JSON; in depth, every one is read. */
function damagedRows(database: DatabaseSync, { table, deep }: { table: string; deep: boolean }): number {
  const columns = Object.entries(JSON_COLUMNS[table] ?? {});
  if (!deep) {
    const isDamaged = columns.map(([name]) => `(${name} IS NOT NULL AND NOT json_valid(${name}))`).join(' OR ');
    return Number(database.prepare(`SELECT COUNT(*) AS count FROM ${table} WHERE ${isDamaged}`).get()?.['count']);
  }
  let count = 0;
  const rows = database.prepare(`SELECT ${columns.map(([name]) => name).join()} FROM ${table}`).iterate();
  for (const row of rows) if (!columns.every(([name, column]) => isWhole(column, row[name]))) count += 1;
  return count;
}

/** How many rows name no content by what could be a hash. */
function withoutHash(database: DatabaseSync, table: string): number {
  const isDamaged = `typeof(sha256) <> 'text' OR length(sha256) <> 64 OR sha256 GLOB '*[^0-9a-f]*'`;
  return Number(database.prepare(`SELECT COUNT(*) AS count FROM ${table} WHERE ${isDamaged}`).get()?.['count']);
}
