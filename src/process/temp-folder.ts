import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dir } from 'tmp-promise';
import { RacewayError } from '../core/errors.ts';

/** A private folder for the files of one child. */
export interface TempFolder {
  readonly path: string;
  /** Removes the folder and what is in it. */
  remove(): Promise<void>;
}

/**
 * Makes a folder that only this user can read, named `raceway-…`, where the system keeps temporary files.
 *
 * @param options.onPath told where it is about to be, so that whoever removes it if this process ends knows it in time
 * @throws {RacewayError} `FLOW_START` when it cannot be made
 */
export async function makeTempFolder({ onPath }: { onPath?: (path: string) => void } = {}): Promise<TempFolder> {
  const name = `raceway-${process.pid}-${randomUUID()}`;
  try {
    onPath?.(join(realpathSync(tmpdir()), name));
    const { path, cleanup } = await dir({ name, mode: 0o700, unsafeCleanup: true });
    let removal: Promise<void> | undefined;
    return { path, remove: () => (removal ??= cleanup().catch(unlessGone)) };
  } catch (cause) {
    throw runFilesError(tmpdir(), cause);
  }
}

/** What there is to say when the files of a run's process cannot be made. */
export function runFilesError(folder: string, cause: unknown): RacewayError {
  return new RacewayError(
    'FLOW_START',
    `could not make the files of a run in ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`,
    'See that the folder is there, is yours to write to and has room; TMPDIR names the one for temporary files.',
    { cause },
  );
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error; // somebody else has removed it
}
