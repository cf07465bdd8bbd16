import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { mountDisk } from '../mount.ts';
import { handleWasRight, struckRun } from '../storage.ts';

const FULL = /disk is full|ENOSPC|disk I\/O error/;

/**
 * The home is on a disk that is too small, by more or less: it is full when the run is created, in some commit, or while an
 * artifact, a log or its times are being written. With more room a resume completes.
 */
export const diskFull: Fault = {
  name: 'disk-full',
  title: 'The disk of the home full, at any point of a run',
  times: { full: 60, bounded: 2 },
  async strike(injection) {
    // The run takes some 7 MB; what is small is tried more often.
    const sizeBytes = Math.round(30_000 * 250 ** injection.random.next());
    using disk = mountDisk(injection.home, sizeBytes);
    const struck = await struckRun(injection, {});
    if (struck.handle?.status !== 'successful') injection.checkNames(struck.told, FULL);
    if (struck.refusal !== undefined) injection.count('before there was a run');
    if (struck.told.includes('artifact file')) injection.count('while an artifact was written');
    disk.resize(64_000_000);
    await handleWasRight(injection, struck);
    await aftermath(injection);
  },
};
