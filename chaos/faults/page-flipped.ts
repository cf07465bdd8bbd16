import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { databaseFile } from '../../src/store/home-folder.ts';
import type { Fault } from '../fault.ts';
import type { Random } from '../random.ts';
import { damageIsTold, struckRun } from '../storage.ts';

/**
 * Some bytes of the database hold something else, at a random place, while the run goes on or when it is to be resumed: a bad
 * disk. SQLite keeps no checksums, so what still makes sense is not noticed, but no wrong result is given out.
 */
export const pageFlipped: Fault = {
  name: 'page-flipped',
  title: 'Bytes of the database changed at a random place, during a run or after it',
  times: { full: 120, bounded: 2 },
  async strike(injection) {
    const flip = (): void => flipBytes(databaseFile(injection.home), injection.random);
    if (injection.random.next() < 0.5) {
      const struck = await struckRun(injection, { strike: flip });
      await damageIsTold(injection, struck);
      return;
    }
    const parent = await struckRun(injection, {});
    flip();
    await damageIsTold(injection, parent);
  },
};

function flipBytes(file: string, random: Random): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA wal_checkpoint(PASSIVE)'); // or what is changed would be written over soon
  database.close();
  const descriptor = openSync(file, 'r+');
  try {
    const [count, place] = [random.integer(1, 64), random.integer(0, statSync(file).size - 1)];
    const bytes = Buffer.alloc(count);
    const length = readSync(descriptor, bytes, 0, count, place);
    for (let at = 0; at < length; at++) bytes[at] = (bytes[at] ?? 0) ^ random.integer(1, 255);
    writeSync(descriptor, bytes, 0, length, place);
  } finally {
    closeSync(descriptor);
  }
}
