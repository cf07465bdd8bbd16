import { readdirSync, statSync } from 'node:fs';
import { marked } from '../process/marked.ts';
import { entryOf, processIds } from '../process/process-table.ts';
import type { Keeper } from './keeper.ts';

/** What a home says of the process of a run. */
export interface ClaimedProcess {
  readonly pid: number;
  /** Of a detached run. */
  readonly keeper: Keeper | undefined;
  /** The database of the home, which a run process has open. */
  readonly database: string;
}

/**
 * Whether a process is one of the run that it is said to be of, going by what only that has: the mark of its keeper, or the
 * database of its home. A home that somebody else wrote could name any process of this user, which would be ended with the
 * run. Where there is no `/proc` it is believed.
 */
export async function belongsToRun({ pid, keeper, database }: ClaimedProcess): Promise<boolean> {
  if (processIds() === undefined) return true;
  if (keeper === undefined) return hasOpen(pid, database);
  return entryOf(pid)?.group === keeper.group && (await marked(keeper.mark)).includes(pid);
}

function hasOpen(pid: number, file: string): boolean {
  try {
    const { dev, ino } = statSync(file);
    return readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
      const opened = statSync(`/proc/${pid}/fd/${descriptor}`, { throwIfNoEntry: false });
      return opened?.ino === ino && opened.dev === dev;
    });
  } catch {
    return false; // it has ended, or is another user's, which cannot be ended anyway
  }
}
