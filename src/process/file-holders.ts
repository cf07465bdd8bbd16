import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { look } from './look.ts';
import { processIds } from './process-table.ts';

/**
 * Ids of other processes of this user that have the file open; none where there is no `/proc`.
 *
 * @throws what the system says when this process cannot look at present (`cannotLook`)
 */
export function fileHolders(file: string): readonly number[] {
  const path = realpathSync(file);
  return (processIds() ?? []).filter((pid) => pid !== process.pid && openFiles(pid).includes(path));
}

function openFiles(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  const descriptors = look(() => readdirSync(folder)) ?? []; // it has ended, or is another user's
  // One that was closed since names nothing; the others still count.
  return descriptors.flatMap((descriptor) => look(() => readlinkSync(`${folder}/${descriptor}`)) ?? []);
}
