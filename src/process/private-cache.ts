import { chmodSync, lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { compileCacheFolder } from '../core/compile-cache.ts';
import { makePrivateFolder } from '../core/make-private-folder.ts';

/**
 * The folder for the compile cache, made private to this user. `undefined` when it cannot be: whoever can write to it decides
 * what is executed, so that it is better to do without.
 */
export function privateCompileCache(): string | undefined {
  const folder = compileCacheFolder();
  return makePrivate(folder) ? folder : undefined;
}

function makePrivate(folder: string): boolean {
  try {
    makePrivateFolder(folder);
    return [dirname(folder), folder].every((one) => {
      const { uid, mode } = lstatSync(one);
      if (process.getuid !== undefined && uid !== process.getuid()) return false;
      if ((mode & 0o077) !== 0) chmodSync(one, 0o700); // Node has made it, by its umask
      return true;
    });
  } catch {
    return false; // a read-only home of the user: the cache is not needed to run
  }
}
