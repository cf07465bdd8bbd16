import { dir } from 'tmp-promise';

/** A private folder for the files of one child. */
export interface TempFolder {
  readonly path: string;
  /** Removes the folder and what is in it. */
  remove(): Promise<void>;
}

/** Makes a folder that only this user can read, named `raceway-…`, where the system keeps temporary files. */
export async function makeTempFolder(): Promise<TempFolder> {
  const { path, cleanup } = await dir({ prefix: 'raceway', mode: 0o700, unsafeCleanup: true });
  let removal: Promise<void> | undefined;
  return { path, remove: () => (removal ??= cleanup()) };
}
