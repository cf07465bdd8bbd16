import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { mountDisk } from '../mount.ts';
import { handleWasRight, struckRun } from '../storage.ts';

const FULL = /disk is full|ENOSPC/;

/**
 * The home is on a disk that is too small, by more or less: it is full when the run is created, in some commit, or while an
 * artifact, a log or its times are being written. With more room a resume completes.
 */
export const diskFull: Fault = {
  name: 'disk-full',
  title: 'The disk of the home full, at any point of a run',
  times: { full: 40, bounded: 2 },
  async strike(injection) {
    // A run takes 5 to 7 MB, most of it for an artifact or for one commit; what is small is tried more often.
    const isCommit = injection.number % 2 === 0;
    const parameters = isCommit ? { megabytes: 1, heavy: 60 } : {};
    const sizeBytes = Math.round(30_000 * 220 ** injection.random.next());
    using disk = mountDisk(injection.home, sizeBytes);
    const struck = await struckRun(injection, { parameters });
    if (struck.handle?.status === 'successful') injection.miss('there was room enough');
    else injection.checkNames(struck.told, FULL);
    if (struck.refusal !== undefined) injection.count('before there was a run');
    if (struck.told.includes('artifact file')) injection.count('while an artifact was written');
    else if (struck.refusal === undefined && struck.handle?.status === 'failed')
      injection.count('in a commit or a log');
    disk.resize(64_000_000);
    await handleWasRight(injection, struck);
    await aftermath(injection, { parameters: Object.entries(parameters).map(([name, value]) => `--${name}=${value}`) });
  },
};
