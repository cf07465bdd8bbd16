import { readFileSync } from 'node:fs';

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;

/**
 * Whether a write-ahead log ends in the middle of a transaction, which a writer leaves that was killed inside a commit: its
 * frames up to some point, without the last one, which says how large the database is.
 */
export function endsInsideCommit(file: string): boolean {
  const bytes = readFileSync(file);
  if (bytes.byteLength < HEADER_BYTES) return bytes.byteLength > 0;
  const frameBytes = FRAME_HEADER_BYTES + bytes.readUInt32BE(8);
  const salt = bytes.subarray(16, 24);
  let isInside = false;
  for (let at = HEADER_BYTES; at < bytes.byteLength; at += frameBytes) {
    if (at + frameBytes > bytes.byteLength) return true; // a frame that is cut short
    if (!bytes.subarray(at + 8, at + 16).equals(salt)) break; // left from before the log was begun anew
    isInside = bytes.readUInt32BE(at + 4) === 0;
  }
  return isInside;
}
