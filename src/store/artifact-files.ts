import { createHash, hash, randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writevSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { RacewayError } from '../core/errors.ts';
import { homeError } from './home-error.ts';
import { artifactFile, makeFolderInHome, refuseLinks, stagedFolder } from './home-folder.ts';
import type { BlobOwner, BlobRef, NewBlob } from './run-store.ts';

/** From this size on content is a file of its own; below it is in the database. 64 KiB: beyond that SQLite is slower than a file. */
const FILE_SIZE_BYTES = 64 * 1024;

/** How much of a file is compared at once. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * Content on its way into the store. Large content is written here and now, to a file of the run that it is for, so that
 * whoever commits it later only has to move it; small content travels in the result.
 *
 * @throws {RacewayError} `HOME` when the file cannot be written
 */
export function prepareBlob(owner: BlobOwner, parts: readonly Uint8Array[]): NewBlob {
  const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  if (sizeBytes < FILE_SIZE_BYTES) {
    const bytes = Buffer.concat(parts);
    return { sha256: hash('sha256', bytes), sizeBytes, bytes };
  }
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  const sha256 = digest.digest('hex');
  try {
    return { sha256, sizeBytes, stagedFile: stage(owner, { sha256, parts, sizeBytes }) };
  } catch (cause) {
    if (cause instanceof RacewayError) throw cause;
    const { home } = owner;
    throw homeError(`cannot write the artifact file ${artifactFile(home, sha256)}`, { home, cause });
  }
}

/**
 * Moves a file that `prepareBlob` wrote to its place, inside the transaction that names it. It takes the place of what is
 * there: that has the same content, or was damaged.
 *
 * @throws {RacewayError} `HOME` when that cannot be done, or a folder on the way is a link
 */
export function placeStagedFile(home: string, { sha256, stagedFile }: { sha256: string; stagedFile: string }): void {
  const place = artifactFile(home, sha256);
  try {
    refuseLinks(home, dirname(place));
    if (!existsSync(dirname(place))) makeFolderInHome(home, dirname(place));
    renameSync(stagedFile, place);
    rmSync(stagedFile, { force: true }); // a rename from one name of a file to another of the same file leaves both
  } catch (cause) {
    if (cause instanceof RacewayError) throw cause;
    throw homeError(`cannot write the artifact file ${place}`, { home, cause });
  }
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

/**
 * Equal content is stored once: a file that has it gets another name, under which it stays whatever becomes of the first one.
 * What was damaged by a crash, a full disk or anything else is not taken for it.
 */
function stage(
  { home, flow, runId }: BlobOwner,
  { sha256, parts, sizeBytes }: { sha256: string; parts: readonly Uint8Array[]; sizeBytes: number },
): string {
  const folder = stagedFolder(home, flow, runId);
  const file = join(folder, randomUUID());
  const known = artifactFile(home, sha256);
  makeFolderInHome(home, folder);
  if (holds(known, { parts, sizeBytes }) && link(known, file)) return file;
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    try {
      writeAll(descriptor, parts);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    rmSync(file, { force: true });
    throw error;
  }
  return file;
}

/** Whether the file can be read and has this content. */
function holds(file: string, { parts, sizeBytes }: { parts: readonly Uint8Array[]; sizeBytes: number }): boolean {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true || stats.size !== sizeBytes) return false;
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const chunk = Buffer.allocUnsafe(Math.min(sizeBytes, CHUNK_BYTES));
    for (const part of parts) {
      for (let offset = 0; offset < part.byteLength;) {
        const length = readSync(descriptor, chunk, 0, Math.min(part.byteLength - offset, chunk.byteLength), null);
        if (length === 0 || chunk.compare(part, offset, offset + length, 0, length) !== 0) return false;
        offset += length;
      }
    }
    return true;
  } catch {
    return false; // whatever is wrong with it, another one is written
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Gives a file another name, unless it has been dropped or has as many as the file system allows. */
function link(file: string, name: string): boolean {
  try {
    linkSync(file, name);
    return true;
  } catch {
    return false;
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
