import { existsSync, rmSync, statSync, truncateSync } from 'node:fs';
import { databaseFile } from '../../src/store/home-folder.ts';
import type { Fault } from '../fault.ts';
import { damageIsTold, struckRun } from '../storage.ts';

/** A file beside the database, in which SQLite keeps what was written last or how to find it, is removed or cut off. */
export const walLost: Fault = {
  name: 'wal-lost',
  title: 'The -wal or -shm of the database removed or truncated during a run',
  times: { full: 40, bounded: 2 },
  async strike(injection) {
    const { random } = injection;
    const struck = await struckRun(injection, {
      strike: () => {
        const file = `${databaseFile(injection.home)}-${random.next() < 0.3 ? 'shm' : 'wal'}`;
        if (!existsSync(file)) injection.miss(`there was no ${file}`);
        else if (file.endsWith('shm') || random.next() < 0.5) rmSync(file);
        else truncateSync(file, Math.floor(random.next() * statSync(file).size));
      },
    });
    await damageIsTold(injection, struck);
  },
};
