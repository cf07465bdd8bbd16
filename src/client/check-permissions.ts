import { chmodSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isOfHome } from '../store/home-folder.ts';
import { namesIn } from '../store/run-files.ts';
import { type Finding, listed } from './finding.ts';

/** Whether a home, and all that is in it, belongs to this user alone. */
export function* checkPermissions(home: string): Generator<Finding> {
  const open: string[] = [];
  const foreign: string[] = [];
  const user = process.getuid?.();
  for (const path of entriesOf(home)) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) continue; // runs go on
    const { mode, uid } = stats;
    if (user !== undefined && user !== 0 && uid !== user) foreign.push(path);
    else if ((mode & 0o077) !== 0) open.push(path);
  }
  if (foreign.length > 0) {
    yield {
      kind: 'permissions',
      severity: 'error',
      what: `${listed(foreign)} belong${foreign.length === 1 ? 's' : ''} to another user`,
      remedy: 'let their owner, or root, give them to you (chown): a home belongs to one user',
    };
  }
  if (open.length > 0) {
    yield {
      kind: 'permissions',
      severity: 'error',
      what: `${listed(open)} may be read or written by other users`,
      remedy: 'take the right from them',
      mend: async () => {
        for (const path of open) makePrivate(path);
        return `made ${listed(open)} private`;
      },
    };
  }
}

function makePrivate(path: string): void {
  try {
    chmodSync(path, lstatSync(path).mode & 0o700);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // it was removed meanwhile
  }
}

/**
 * Everything of raceway's in a home but what tasks have put aside, which is theirs; the home itself, unless something else is in
 * it as well: then it is somebody's folder, with a mode of its own.
 */
function* entriesOf(home: string): Generator<string> {
  const names = namesIn(home);
  const own = names.filter((name) => isOfHome(name));
  if (own.length === names.length) yield home;
  for (const name of own) if (name !== 'tmp') yield* entries(join(home, name));
}

/** A file, or a folder and what is in it, but for symbolic links. */
function* entries(path: string): Generator<string> {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined || entry.isSymbolicLink()) return;
  yield path;
  if (entry.isDirectory()) for (const name of namesIn(path)) yield* entries(join(path, name));
}
