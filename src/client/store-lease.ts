import { statSync } from 'node:fs';
import { RacewayError } from '../core/errors.ts';
import { databaseFile } from '../store/home-folder.ts';
import type { RunStore } from '../store/run-store.ts';
import { openSqliteStore } from '../store/sqlite-store.ts';

interface SharedStore {
  readonly store: RunStore;
  holders: number;
}

/** By the identity of the database file, so that a home that was deleted and made again is another one. */
const sharedStores = new Map<string, SharedStore>();

/**
 * The right to use the store of a home until it is given back. All leases of one home in a process share a connection,
 * which makes the second one cheap; the last one closes it.
 */
export class StoreLease {
  /** The folder of the home. */
  readonly home: string;
  readonly #key: string;
  #shared: SharedStore | undefined;

  /** @throws {RacewayError} `HOME` when there is no home or it cannot be read */
  constructor(home: string) {
    this.home = home;
    const file = statSync(databaseFile(home), { throwIfNoEntry: false });
    this.#key = file === undefined ? '' : `${file.dev}:${file.ino}`;
    this.#shared = sharedStores.get(this.#key) ?? { store: openSqliteStore(home, { access: 'read' }), holders: 0 };
    this.#shared.holders += 1;
    sharedStores.set(this.#key, this.#shared);
  }

  /** @throws {RacewayError} `HOME` when the lease was given back */
  get store(): RunStore {
    if (this.#shared === undefined) {
      throw new RacewayError(
        'HOME',
        `cannot read the home ${this.home}: it was closed`,
        'Read what you need before the home, or the Runner that opened it, is closed; or open it with openHome().',
      );
    }
    return this.#shared.store;
  }

  /** Gives the store back; a second call does nothing. */
  async close(): Promise<void> {
    const shared = this.#shared;
    if (shared === undefined) return;
    this.#shared = undefined;
    shared.holders -= 1;
    if (shared.holders > 0) return;
    sharedStores.delete(this.#key);
    await shared.store.close();
  }
}
