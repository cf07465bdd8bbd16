import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it that are missing, for this user alone; one that is there stays as it is. Not by
 * `recursive`, with which Node never comes back from a place like /proc where a folder seems to be missing for ever.
 *
 * @param options.below a folder above it that is not made, nor what is above that: it has to be there
 */
export function makePrivateFolder(folder: string, { below }: { readonly below?: string } = {}): void {
  const parent = dirname(folder);
  if (parent !== below && !existsSync(parent)) makePrivateFolder(parent, { below });
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was faster
  }
}
