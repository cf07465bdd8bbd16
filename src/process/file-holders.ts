import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { processIds } from './process-table.ts';

/** Ids of other processes of this user that have the file open; none where there is no `/proc`. */
export function fileHolders(file: string): readonly number[] {
  const path = realpathSync(file);
  return (processIds() ?? []).filter((pid) => pid !== process.pid && openFiles(pid).includes(path));
}

function openFiles(pid: number): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((descriptor) => readlinkSync(`${folder}/${descriptor}`));
  } catch {
    return []; // it has ended, is just opening and closing files, or is another user's
  }
}
