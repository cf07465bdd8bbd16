import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseFile } from '../../src/store/home-folder.ts';
import type { Fault } from '../fault.ts';
import type { Injection } from '../injection.ts';
import { damageIsTold, struckRun } from '../storage.ts';

/** How many places are tried for one that something is read of. */
const MOST_PLACES = 50;

/** Bytes that are put into a file. */
interface Flip {
  readonly place: number;
  readonly bytes: Buffer;
}

/**
 * Some bytes of the database hold something else, at a random place that is in use, while the run goes on or when it is to be
 * resumed: a bad disk. SQLite keeps no checksums, so what still makes sense is not noticed, but no wrong result is given out.
 */
export const pageFlipped: Fault = {
  name: 'page-flipped',
  title: 'Bytes of the database changed at a random place that is in use, during a run or after it',
  times: { full: 60, bounded: 2 },
  async strike(injection) {
    let flip: Flip | undefined;
    const strike = (): void => {
      flip = flipBytes(injection);
    };
    const isDuring = injection.random.next() < 0.5;
    const struck = await struckRun(injection, isDuring ? { strike } : {});
    if (!isDuring) strike();
    const isStillThere = flip !== undefined && holds(databaseFile(injection.home), flip);
    if (flip === undefined) injection.miss('nothing is read of any place that was tried');
    else if (!isStillThere && struck.handle?.status === 'successful') injection.miss('the run wrote over it');
    else injection.count(isDuring ? 'during the run' : 'after it');
    const isNoticed = await damageIsTold(injection, struck);
    if (injection.missed === undefined && !isNoticed)
      injection.count('what was changed still makes sense, and nobody noticed');
  },
};

/** Changes bytes at a place of which something is read: what any table holds, or whether the database is sound. */
function flipBytes(injection: Injection): Flip | undefined {
  const { random } = injection;
  const file = databaseFile(injection.home);
  const database = new DatabaseSync(file, { timeout: 5_000 }); // the run writes meanwhile
  database.exec('PRAGMA wal_checkpoint(PASSIVE)'); // or what is changed would be written over soon
  database.close();
  const before = whatIsRead(injection, file);
  for (let tried = 0; tried < MOST_PLACES; tried++) {
    const place = random.integer(0, statSync(file).size - 1);
    const flip = {
      place,
      bytes: flipped(file, { place, count: random.integer(1, 64), by: () => random.integer(1, 255) }),
    };
    if (whatIsRead(injection, file, flip) === before) {
      injection.count('places that nothing is read of, and that were passed over');
      continue;
    }
    write(file, flip);
    return flip;
  }
  return undefined;
}

/** All that a copy of the database holds, as a text, with some bytes changed; or what is said of it. */
function whatIsRead(injection: Injection, file: string, flip?: Flip): string {
  const folder = mkdtempSync(join(injection.folder, 'copy-'));
  try {
    const copy = join(folder, 'copy.db');
    copyFileSync(file, copy);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    if (flip !== undefined) write(copy, flip);
    using database = new DatabaseSync(copy);
    const all = (sql: string) => database.prepare(sql).all();
    const tables = all(`SELECT name, sql FROM sqlite_schema WHERE type = 'table'`);
    const rows = tables.map(({ name }) => all(`SELECT * FROM ${JSON.stringify(name)}`));
    return JSON.stringify([all('PRAGMA user_version'), all('PRAGMA integrity_check'), tables, rows], asText);
  } catch (error) {
    return String(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function flipped(file: string, { place, count, by }: { place: number; count: number; by: () => number }): Buffer {
  const bytes = read(file, place, count);
  for (let at = 0; at < bytes.byteLength; at++) bytes[at] = (bytes[at] ?? 0) ^ by();
  return bytes;
}

function holds(file: string, { place, bytes }: Flip): boolean {
  return existsSync(file) && read(file, place, bytes.byteLength).equals(bytes);
}

function read(file: string, place: number, count: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, count, place));
  } finally {
    closeSync(descriptor);
  }
}

function write(file: string, { place, bytes }: Flip): void {
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, bytes, 0, bytes.byteLength, place);
  } finally {
    closeSync(descriptor);
  }
}

function asText(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
