import { randomUUID } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dir } from 'tmp-promise';

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
 */
export async function makeTempFolder({ onPath }: { onPath?: (path: string) => void } = {}): Promise<TempFolder> {
  const name = `raceway-${process.pid}-${randomUUID()}`;
  onPath?.(join(realpathSync(tmpdir()), name));
  const { path, cleanup } = await dir({ name, mode: 0o700, unsafeCleanup: true });
  let removal: Promise<void> | undefined;
  return { path, remove: () => (removal ??= cleanup()) };
}
