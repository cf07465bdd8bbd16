import { statSync, truncateSync } from 'node:fs';
import { databaseFile } from '../../src/store/home-folder.ts';
import type { Fault } from '../fault.ts';
import { damageIsTold, struckRun } from '../storage.ts';

/** The database is cut off at some page, or anywhere, or emptied, while the run goes on. */
export const databaseTruncated: Fault = {
  name: 'database-truncated',
  title: 'The database truncated during a run',
  times: { full: 40, bounded: 1 },
  async strike(injection) {
    const { random } = injection;
    const database = databaseFile(injection.home);
    const struck = await struckRun(injection, {
      strike: () => {
        const sizeBytes = statSync(database).size;
        const kept = random.next() < 0.3 ? 0 : Math.floor(random.next() * sizeBytes);
        truncateSync(database, random.next() < 0.5 ? kept : Math.floor(kept / 4096) * 4096);
      },
    });
    await damageIsTold(injection, struck);
  },
};
