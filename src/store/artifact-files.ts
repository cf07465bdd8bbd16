import { createHash, hash, randomUUID } from 'node:crypto';
import { closeSync, lstatSync, openSync, readFileSync, readSync, renameSync, rmSync, writevSync } from 'node:fs';
import { dirname } from 'node:path';
import { RacewayError } from '../core/errors.ts';
import { homeError } from './home-error.ts';
import { artifactFile, makeFolderInHome, refuseLinks } from './home-folder.ts';
import type { BlobRef, NewBlob } from './run-store.ts';

/** From this size on content is a file of its own; below it is in the database. 64 KiB: beyond that SQLite is slower than a file. */
const FILE_SIZE_BYTES = 64 * 1024;

/**
 * Content on its way into the store. Large content is written here and now, to a temporary name and then renamed, so
 * that whoever commits it later only has to name it; small content travels in the result.
 *
 * @throws {RacewayError} `HOME` when the file cannot be written
 */
export function prepareBlob(home: string, parts: readonly Uint8Array[]): NewBlob {
  const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  if (sizeBytes < FILE_SIZE_BYTES) {
    const bytes = Buffer.concat(parts);
    return { sha256: hash('sha256', bytes), sizeBytes, bytes };
  }
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  const sha256 = digest.digest('hex');
  const file = artifactFile(home, sha256);
  try {
    writeArtifactFile(file, { home, parts, sizeBytes });
  } catch (cause) {
    if (cause instanceof RacewayError) throw cause;
    throw homeError(`cannot write the artifact file ${file}`, { home, cause });
  }
  return { sha256, sizeBytes };
}

/**
 * The content of a large artifact.
 *
 * @throws {RacewayError} `ARTIFACT` when the file is gone or its content is not what was stored
 */
export function readArtifactFile(home: string, blob: BlobRef): Uint8Array {
  const file = artifactFile(home, blob.sha256);
  refuseLinks(home, file);
  let bytes: Uint8Array;
  try {
    const { size } = lstatSync(file);
    if (size !== blob.sizeBytes) throw damaged(file, 'is of another size than when it was stored');
    bytes = readFileSync(file);
  } catch (cause) {
    if (cause instanceof RacewayError) throw cause;
    throw new RacewayError(
      'ARTIFACT',
      `cannot read the artifact file ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Bring the file back, or resume the run from the step that made the artifact.',
      { cause },
    );
  }
  checkContent(bytes, blob, file);
  return bytes;
}

/** @throws {RacewayError} `ARTIFACT` when the bytes are not those that the hash was made of */
export function checkContent(bytes: Uint8Array, blob: BlobRef, place: string): void {
  if (bytes.byteLength === blob.sizeBytes && hash('sha256', bytes) === blob.sha256) return;
  throw damaged(place, 'has another hash than when it was stored');
}

function damaged(place: string, why: string): RacewayError {
  return new RacewayError(
    'ARTIFACT',
    `the artifact in ${place} is damaged: its content ${why}`,
    'Resume the run from the step that made the artifact.',
  );
}

function writeArtifactFile(
  file: string,
  { home, parts, sizeBytes }: { home: string; parts: readonly Uint8Array[]; sizeBytes: number },
): void {
  // Equal content is stored once; a file that holds anything else was damaged, and is replaced.
  if (lstatSync(file, { throwIfNoEntry: false })?.size === sizeBytes && holds(file, parts)) return;
  makeFolderInHome(home, dirname(file));
  const temporary = `${file}.${randomUUID()}`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeAll(descriptor, parts);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** Whether a file of the right size has these bytes: reading it costs less than writing it once more. */
function holds(file: string, parts: readonly Uint8Array[]): boolean {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    for (const part of parts) {
      for (let offset = 0; offset < part.byteLength; offset += CHUNK_BYTES) {
        const wanted = part.subarray(offset, offset + CHUNK_BYTES);
        const length = readSync(descriptor, chunk, 0, wanted.byteLength, null);
        if (length < wanted.byteLength || chunk.compare(wanted, 0, length, 0, length) !== 0) return false;
      }
    }
    return true;
  } finally {
    closeSync(descriptor);
  }
}

/** writev may write less than it was given: 2 GiB at most on Linux, or what the disk still takes. */
function writeAll(descriptor: number, parts: readonly Uint8Array[]): void {
  let rest = parts.filter((part) => part.byteLength > 0);
  while (rest.length > 0) {
    let written = writevSync(descriptor, rest);
    while (rest[0] !== undefined && written >= rest[0].byteLength) {
      written -= rest[0].byteLength;
      rest = rest.slice(1);
    }
    if (rest[0] !== undefined && written > 0) rest = [rest[0].subarray(written), ...rest.slice(1)];
  }
}
