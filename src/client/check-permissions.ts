import { chmodSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn } from '../store/run-files.ts';
import { type Finding, listed } from './finding.ts';

/** Whether a home, and all that is in it, belongs to this user alone. */
export function* checkPermissions(home: string): Generator<Finding> {
  const open: string[] = [];
  const foreign: string[] = [];
  const user = process.getuid?.();
  for (const path of entries(home)) {
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

/** Everything in a home but symbolic links and what tasks have put aside, which is theirs. */
function* entries(path: string, depth = 0): Generator<string> {
  const entry = lstatSync(path, { throwIfNoEntry: false });
  if (entry === undefined || entry.isSymbolicLink()) return;
  yield path;
  if (!entry.isDirectory()) return;
  for (const name of namesIn(path)) if (depth > 0 || name !== 'tmp') yield* entries(join(path, name), depth + 1);
}
