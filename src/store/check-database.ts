import { DatabaseSync } from 'node:sqlite';
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

/** Columns that hold JSON, or nothing. */
const JSON_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  run: ['reason', 'system_tags', 'parameters', 'command', 'process'],
  task: ['parent_ids', 'frames'],
  attempt: ['reason', 'exception', 'transition', 'reads'],
  event: ['event'],
};

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
    for (const [table, columns] of Object.entries(JSON_COLUMNS)) {
      const isDamaged = columns.map((column) => `(${column} IS NOT NULL AND NOT json_valid(${column}))`).join(' OR ');
      const count = Number(
        database.prepare(`SELECT COUNT(*) AS count FROM ${table} WHERE ${isDamaged}`).get()?.['count'],
      );
      if (count > 0) problems.push(`${count} rows of ${table} hold something that is no JSON`);
    }
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    database?.close();
  }
  return { problems, schema };
}
