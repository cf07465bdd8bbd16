import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { mountDisk } from '../mount.ts';
import { handleWasRight, struckRun } from '../storage.ts';

/**
 * The folder for temporary files is emptied, removed or filled while the run goes on: what the script reads of the run's output
 * is gone, and it is told, but nothing that counts is there.
 */
export const temporaryLost: Fault = {
  name: 'temporary-lost',
  title: 'The folder for temporary files emptied, removed or full during a run',
  times: { full: 30, bounded: 2 },
  async strike(injection) {
    const { temporary } = injection;
    const kind = injection.number % 3;
    using _disk = kind === 2 ? mountDisk(temporary, 2_000_000) : undefined;
    const struck = await struckRun(injection, {
      after: () => readdirSync(temporary).some((name) => name.startsWith('raceway-')), // there may be no run yet
      strike: () => {
        if (kind === 0) for (const name of readdirSync(temporary)) rmSync(join(temporary, name), { recursive: true });
        if (kind === 1) rmSync(temporary, { recursive: true });
        if (kind === 2) fill(temporary);
      },
    });
    if (kind === 1) mkdirSync(temporary, { recursive: true });
    if (kind === 2) rmSync(join(temporary, 'ballast'), { force: true });
    const { handle, refusal, told } = struck;
    // Before the run was announced there is no run without such files; afterwards it does not need them.
    if (refusal === undefined) injection.check('the run succeeds', handle?.status !== 'successful' && told);
    else injection.checkNames(refusal, /ENOENT|ENOSPC/);
    if (handle !== undefined && kind !== 2)
      injection.count('outputs that were gone', handle.stderr.includes('somebody removed it') ? 1 : 0);
    await handleWasRight(injection, struck);
    await aftermath(injection);
  },
};

function fill(folder: string): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(bavail * bsize));
}
