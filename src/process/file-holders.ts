import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { processIds } from './process-table.ts';

/**
 * Ids of other processes of this user that have one of the files open, also one that was removed since; `undefined` where
 * there is no `/proc` to tell.
 *
 * @param files those that are gone must have been in a folder that is there
 */
export function fileHolders(files: readonly string[]): readonly number[] | undefined {
  const paths = new Set(files.map((file) => join(realpathSync(dirname(file)), basename(file))));
  return processIds()?.filter((pid) => pid !== process.pid && openFiles(pid).some((path) => paths.has(path)));
}

function openFiles(pid: number): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((descriptor) =>
      readlinkSync(`${folder}/${descriptor}`).replace(/ \(deleted\)$/, ''),
    );
  } catch {
    return []; // it has ended, is just opening and closing files, or is another user's
  }
}
