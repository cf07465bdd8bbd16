import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canRun } from '../can-run.ts';
import { type Fault, NotInjectable } from '../fault.ts';
import { mountImage } from '../mount.ts';
import { damageIsTold, struckRun } from '../storage.ts';

/** What is said of such a disk. */
const CAUSE =
  /(?:cannot|could not) .*: (?:it cannot be written to|the disk failed|the home .* may not be written to|EIO)|cannot write to the home .*: (?:EROFS|EIO)/;

/**
 * The disk of the home gives up: from one moment to the next nothing can be written, not even to what is open. When it is back,
 * what was written in the moment before may be missing, as after a power cut.
 */
export const diskReadOnly: Fault = {
  name: 'disk-read-only',
  title: 'The disk of the home read-only from one moment to the next, as after an error (ext4 abort)',
  times: { full: 30, bounded: 1 },
  async strike(injection) {
    if (!canRun(['mkfs.ext4', '-V'])) throw new NotInjectable('there is no mkfs.ext4');
    mkdirSync(injection.home);
    const image = join(injection.folder, 'disk.img');
    writeFileSync(image, '');
    truncateSync(image, 64_000_000);
    execFileSync('mkfs.ext4', ['-q', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image]);
    using disk = mountImage(injection.home, image);
    const struck = await struckRun(injection, { strike: () => disk.abort() });
    disk.mountAgain();
    await damageIsTold(injection, struck, { cause: CAUSE });
  },
};
