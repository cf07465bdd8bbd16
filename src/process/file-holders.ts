import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { look } from './look.ts';
import { processIds } from './process-table.ts';

/**
 * Ids of other processes of this user that have one of the files open, also one that was removed since; `undefined` where
 * there is no `/proc` to tell.
 *
 * @param files those that are gone must have been in a folder that is there
 * @throws what the system says when this process cannot look at present (`cannotLook`)
 */
export function fileHolders(files: readonly string[]): readonly number[] | undefined {
  const paths = new Set(files.map((file) => join(realpathSync(dirname(file)), basename(file))));
  return processIds()?.filter((pid) => pid !== process.pid && openFiles(pid).some((path) => paths.has(path)));
}

function openFiles(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  const descriptors = look(() => readdirSync(folder)) ?? []; // it has ended, or is another user's
  // One that was closed since names nothing; the others still count.
  return descriptors.flatMap((descriptor) => {
    const path = look(() => readlinkSync(`${folder}/${descriptor}`));
    return path === undefined ? [] : [path.replace(/ \(deleted\)$/, '')];
  });
}
