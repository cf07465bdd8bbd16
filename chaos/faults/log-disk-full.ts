import { join } from 'node:path';
import { nothingIsLeft, recordsAreWhole, resumeCompletes } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { mountDisk } from '../mount.ts';
import { handleWasRight, struckRun } from '../storage.ts';

/** The disk that the logs are on is full while a task prints, and the database has room. */
export const logDiskFull: Fault = {
  name: 'log-disk-full',
  title: 'The disk of the logs full, while a task prints',
  times: { full: 20, bounded: 1 },
  async strike(injection) {
    using disk = mountDisk(join(injection.home, 'logs'), injection.random.integer(20_000, 4_000_000));
    const parameters = { lines: 100_000 };
    const struck = await struckRun(injection, { flow: 'prints-lines', parameters });
    injection.check('the run fails', struck.handle?.status === 'successful' && 'it succeeded');
    injection.checkNames(struck.told, /ENOSPC/);
    disk.resize(64_000_000);
    const options = { flow: 'PrintsLines', file: 'prints-lines', parameters: ['--lines=100000'] };
    await handleWasRight(injection, struck);
    await nothingIsLeft(injection);
    await recordsAreWhole(injection, options);
    await resumeCompletes(injection, options);
  },
};
