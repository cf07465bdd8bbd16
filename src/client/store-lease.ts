import { statSync } from 'node:fs';
import { RacewayError } from '../core/errors.ts';
import { databaseFile } from '../store/home-folder.ts';
import type { RunStore } from '../store/run-store.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';

interface SharedStore {
  /** The identity of the files of the database. */
  readonly key: string;
  readonly store: RunStore;
  holders: number;
}

/** By the identity of the files of the database, so that a home that was deleted and made again is another one. */
const sharedStores = new Map<string, SharedStore>();

/**
 * The right to use the store of a home until it is given back. All leases of one home in a process share a connection,
 * which makes the second one cheap; the last one closes it.
 */
export class StoreLease {
  /** The folder of the home. */
  readonly home: string;
  #shared: SharedStore | undefined;
  #isClosed = false;

  /** @throws {RacewayError} `HOME` when there is no home or it cannot be read */
  constructor(home: string) {
    this.home = home;
    this.#shared = share(home);
  }

  /**
   * The store that is in the folder now: somebody may have removed the home, and a run made it again. While there is none,
   * it is the one that was there.
   *
   * @throws {RacewayError} `HOME` when the lease was given back, or the home cannot be read
   */
  get store(): RunStore {
    if (this.#isClosed) {
      throw new RacewayError(
        'HOME',
        `cannot read the home ${this.home}: it was closed`,
        'Read what you need before the home, or the Runner that opened it, is closed; or open it with openHome().',
      );
    }
    const key = keyOf(this.home);
    if (this.#shared !== undefined && key !== undefined && key !== this.#shared.key) {
      // Closed before another is opened: with its last connection SQLite saves what it can of a log that was removed.
      void giveBack(this.#shared);
      this.#shared = undefined;
    }
    this.#shared ??= share(this.home);
    return this.#shared.store;
  }

  /** Gives the store back; a second call does nothing. */
  async close(): Promise<void> {
    const shared = this.#shared;
    this.#isClosed = true;
    this.#shared = undefined;
    if (shared !== undefined) await giveBack(shared);
  }
}

function share(home: string): SharedStore {
  let shared = sharedStores.get(keyOf(home) ?? '');
  if (shared === undefined) {
    const store = openSqliteStore(home, { access: 'read' });
    shared = { key: keyOf(home) ?? '', store, holders: 0 }; // opening it made some of the files
    sharedStores.set(shared.key, shared);
  }
  shared.holders += 1;
  return shared;
}

async function giveBack(shared: SharedStore): Promise<void> {
  shared.holders -= 1;
  if (shared.holders > 0) return;
  if (sharedStores.get(shared.key) === shared) sharedStores.delete(shared.key);
  await shared.store.close();
}

/** `undefined` while there is no database. */
function keyOf(home: string): string | undefined {
  const database = databaseFile(home);
  const [file, ...others] = [database, `${database}-wal`, `${database}-shm`].map((path) =>
    statSync(path, { throwIfNoEntry: false }),
  );
  return file && [file, ...others].map((each) => `${each?.dev}:${each?.ino}`).join();
}
