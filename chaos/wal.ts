import { readFileSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * How many pages stand at the end of a write-ahead log of a transaction that lacks its last one, which says that it is
 * committed: what a writer leaves that is killed inside a commit.
 */
export function uncommittedPages(file: string): number {
  const bytes = readFileSync(file);
  if (bytes.byteLength < HEADER_BYTES) return 0;
  const frameBytes = FRAME_HEADER_BYTES + bytes.readUInt32BE(8);
  const salt = bytes.subarray(16, 24);
  let pages = 0;
  for (let at = HEADER_BYTES; at < bytes.byteLength; at += frameBytes) {
    const header = bytes.subarray(at, at + FRAME_HEADER_BYTES);
    if (header.byteLength < FRAME_HEADER_BYTES) break;
    if (!header.subarray(8, 16).equals(salt)) break; // left from before the log was begun anew
    const isCutShort = at + frameBytes > bytes.byteLength;
    pages = header.readUInt32BE(4) === 0 || isCutShort ? pages + 1 : 0;
  }
  return pages;
}
