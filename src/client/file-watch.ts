import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Who dies without a word changes no file, and some systems allow few watchers or none: so a look is due now and then. */
const POLL_MS = 1000;

/** The same while a folder cannot be watched, because it is not there yet or because the system has no watcher left. */
const UNWATCHED_POLL_MS = 100;

/** Hundreds of runs may write to one home; whoever waits for one of them looks no more often than this. */
const PAUSE_MS = 20;

/**
 * Waits until one of some files, or one whose name goes on after theirs, may have changed: `raceway.db` stands for its
 * write-ahead log too. The folders are watched, since the files may not exist yet, and with `node:fs`, since a flow
 * script must not load chokidar. It is watching from the moment it is made.
 */
export class FileWatch implements Disposable {
  readonly #files: readonly string[];
  readonly #folders: ReadonlySet<string>;
  readonly #watchers = new Map<string, FSWatcher>();
  #changed = false;
  #wake: (() => void) | undefined;
  #lastMs = -Infinity;

  constructor(files: readonly string[]) {
    this.#files = files;
    this.#folders = new Set(files.map((file) => dirname(file)));
    this.#watchFolders();
  }

  /**
   * Resolves when a look at the files is due. A change since the last call counts.
   *
   * @throws the reason of `signal` when it is aborted
   */
  async next(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#watchFolders()) this.#changed = true; // what happened there before was not seen
    const pollMs = this.#watchers.size < this.#folders.size ? UNWATCHED_POLL_MS : POLL_MS;
    if (!this.#changed) await this.#sleep(pollMs, { signal, wakeable: true });
    const pauseMs = this.#lastMs + PAUSE_MS - performance.now();
    if (pauseMs > 0) await this.#sleep(pauseMs, { signal, wakeable: false });
    this.#lastMs = performance.now();
    this.#changed = false;
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Watches the folders that it does not watch yet; says whether one was added. */
  #watchFolders(): boolean {
    const before = this.#watchers.size;
    for (const folder of this.#folders) {
      if (this.#watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, (_, name) => this.#noticed(folder, name));
        watcher.on('error', () => {
          watcher.close();
          this.#watchers.delete(folder);
        });
        this.#watchers.set(folder, watcher);
      } catch {
        // Not there yet, or no watcher is left: then the poll has to do.
      }
    }
    return this.#watchers.size > before;
  }

  #noticed(folder: string, name: string | null): void {
    const concerns = (file: string) => dirname(file) === folder && (name === null || name.startsWith(basename(file)));
    if (!this.#files.some(concerns)) return;
    this.#changed = true;
    this.#wake?.();
  }

  #sleep(timeMs: number, { signal, wakeable }: { signal: AbortSignal; wakeable: boolean }): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = () => reject(signal.reason as Error);
    const timer = setTimeout(resolve, timeMs);
    signal.addEventListener('abort', abort);
    if (wakeable) this.#wake = resolve;
    return promise.finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      this.#wake = undefined;
    });
  }
}
