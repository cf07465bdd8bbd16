import { existsSync, statSync } from 'node:fs';
import { RacewayError } from '../core/errors.ts';
import { fileHolders } from '../process/file-holders.ts';
import { checkDatabase } from '../store/check-database.ts';
import { DatabaseView } from '../store/database-view.ts';
import { refuseOtherFiles } from '../store/distrust-database.ts';
import { databaseFile } from '../store/home-folder.ts';
import { salvageDatabase } from '../store/salvage-database.ts';
import type { ForeignValueError } from '../store/sqlite-row.ts';
import type { Finding } from './finding.ts';

/** Whether the database of a home is whole: at most one thing is found. */
export function checkHomeDatabase(
  home: string,
  { view, deep }: { view: DatabaseView; deep: boolean },
): Finding | undefined {
  const file = databaseFile(home);
  const sizeBytes = statSync(file, { throwIfNoEntry: false })?.size;
  const isLogThere = existsSync(`${file}-wal`);
  if (sizeBytes === undefined && !isLogThere) {
    return error({
      what: `there is no database ${file}`,
      remedy: 'bring it back if you have a copy; the next run makes a new one, in which no earlier run is known',
    });
  }
  try {
    refuseOtherFiles(file);
  } catch (cause) {
    return error({
      what: `the database ${file} cannot be opened: ${firstLine(cause)}`,
      remedy: 'find out who put it there, then remove it, or bring back a copy of the home',
    });
  }
  if (sizeBytes === undefined || sizeBytes === 0) {
    return damage(home, {
      what: `${sizeBytes === 0 ? `the database ${file} is empty` : `there is no database ${file}`}${isLogThere ? `, and the log of what was written last is there, ${file}-wal` : ''}`,
      source: isLogThere ? 'its log' : 'it',
    });
  }
  let copy: string;
  try {
    copy = view.file();
  } catch (cause) {
    if (!(cause instanceof RacewayError)) throw cause;
    const [what = '', remedy = ''] = cause.message.split('\n');
    return error({ what, remedy });
  }
  const { problems, schema } = checkDatabase(copy, { deep });
  if (schema === 'newer') {
    return error({ what: `the database ${file} was written by a newer raceway`, remedy: 'update raceway' });
  }
  if (problems.length === 0) problems.push(...problemOfOpening(view));
  if (problems.length === 0) return undefined;
  return damage(home, {
    what: `the database ${file} is damaged: ${problems.slice(0, 3).join('; ').replaceAll(/\s+/g, ' ')}`,
    source: 'it',
  });
}

/** What is not to be found in the file as such, like a trigger that raceway did not make. */
function problemOfOpening(view: DatabaseView): readonly string[] {
  try {
    view.database();
    return [];
  } catch (cause) {
    return [firstLine(cause)];
  }
}

function firstLine(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
}

function error({ what, remedy }: Pick<Finding, 'what' | 'remedy'>): Finding {
  return { kind: 'database', severity: 'error', what, remedy };
}

/** Whatever else comes to light when the database is read. */
export function foreignValue(home: string, { what }: ForeignValueError): Finding {
  return damage(home, { what: `the database ${databaseFile(home)} is damaged: ${what}`, source: 'it' });
}

function damage(home: string, { what, source }: { what: string; source: string }): Finding {
  const unseen = holdersOf(home) === undefined ? `; ${UNSEEN}` : '';
  return {
    ...error({
      what,
      remedy: `bring back a copy if you have one; else copy what can be read of ${source} into a new one; the damaged one stays beside it${unseen}`,
    }),
    mend: async () => mendDatabase(home),
  };
}

const UNSEEN = 'see to it that no process uses the home, which this system does not show';

function holdersOf(home: string): readonly number[] | undefined {
  const file = databaseFile(home);
  return fileHolders([file, `${file}-wal`, `${file}-shm`]);
}

function mendDatabase(home: string): string {
  const file = databaseFile(home);
  const holders = holdersOf(home);
  if (holders !== undefined && holders.length > 0) {
    throw new RacewayError(
      'HOME',
      `cannot mend ${file}: ${holders.length === 1 ? 'a process has' : 'processes have'} it open (pid ${holders.join(', ')})`,
      'Wait until no run is going on in the home, or end them; then try again.',
    );
  }
  using view = new DatabaseView(file);
  const { putAside, copied, lost } = salvageDatabase(home, { copy: view.file() });
  const counts = Object.entries(copied).map(([table, count]) => `${table} ${count}`);
  return [
    `copied the rows that could be read (${counts.join(', ')}); the damaged database is ${putAside}`,
    lost.length === 0 ? 'nothing was lost' : `lost, by table: ${lost.join('; ')}`,
    ...(holders === undefined ? ['a run that was going on meanwhile, which this system does not show, ends'] : []),
  ].join('\n');
}
