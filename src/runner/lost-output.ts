import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { isFull } from '../core/is-full.ts';
import type { LogFile } from '../process/log-file.ts';

/** Why what a child printed is not there, or not all of it. */
export interface LostOutput {
  /** A clause about what it printed: `is gone: …`. */
  readonly why: string;
  /** A sentence. */
  readonly advice: string;
}

/**
 * Looks whether what a child printed, and wanted to announce, could be kept. A child whose folder is gone or full most often ended
 * because of that.
 *
 * @param log what it printed; its folder is the child's
 * @param isTemporary whether that is in the folder for temporary files, and not in a home
 * @returns `undefined` when nothing speaks against it
 */
export function lostOutput(log: LogFile, { isTemporary }: { readonly isTemporary: boolean }): LostOutput | undefined {
  const folder = dirname(log.path);
  const elsewhere = isTemporary ? 'set TMPDIR to a folder' : 'give a home (--home, RACEWAY_HOME or the option home)';
  if (!existsSync(log.path)) {
    const gone = existsSync(folder) ? log.path : folder;
    return {
      why: `is gone: somebody removed ${gone} (ENOENT)`,
      advice: `Keep whatever removed it away from there, or ${elsewhere} that is left alone.`,
    };
  }
  if (!isFull(folder)) return undefined;
  const full = isTemporary ? dirname(folder) : folder;
  return {
    why: `could not be kept, or not all of it: the disk of ${isTemporary ? 'the temporary folder ' : ''}${full} is full (ENOSPC)`,
    advice: `Make room there, or ${elsewhere} with room.`,
  };
}
