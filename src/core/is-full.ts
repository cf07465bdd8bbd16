import { statfsSync } from 'node:fs';

/** With less room than this, in bytes, what was to be written may not have been: SQLite needs half of it at once. */
const LITTLE_ROOM_BYTES = 64 * 1024;

/** Whether the disk that a folder is on has nearly no room left. Not where it does not tell how large it is. */
export function isFull(folder: string): boolean {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return blocks > 0 && bavail * bsize < LITTLE_ROOM_BYTES;
  } catch {
    return false; // it is gone, or may not be looked at, which is another matter
  }
}
