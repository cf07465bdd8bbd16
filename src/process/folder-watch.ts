import type { FSWatcher } from 'chokidar';

// After an event it is looked again soon, then less and less often: the event of the last of two quick appends may be
// lost, and where inotify is exhausted there are no events at all.
const FIRST_PAUSE_MS = 5;
const LAST_PAUSE_MS = 250;
const LAST_PAUSE_WITHOUT_EVENTS_MS = 50;

/**
 * Says when it is worth looking at the files of a folder again. It never says that something changed, only that it may
 * have: whoever waits reads what interests it, and waits again when that was nothing.
 *
 * The folder is watched only while someone has taken an interest in it, and there are timers only while someone waits.
 *
 * @example
 * using _interest = watch.use();
 * for (;;) {
 *   const seen = watch.version;
 *   if (lookAtTheFile()) break;
 *   await watch.changed(seen);
 * }
 */
export class FolderWatch {
  readonly #folder: string;
  #users = 0;
  #watcher: Promise<FSWatcher | undefined> | undefined;
  #hasEvents = true;
  #closed = false;
  #version = 0;
  #waiting: PromiseWithResolvers<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Changes with each occasion to look. */
  get version(): number {
    return this.#version;
  }

  /** Takes an interest in the folder until the result is disposed. */
  use(): Disposable {
    if (this.#users++ === 0 && !this.#closed) this.#watcher = this.#start();
    let used = true;
    return {
      [Symbol.dispose]: () => {
        if (!used) return;
        used = false;
        if (--this.#users === 0) void this.#stop();
      },
    };
  }

  /** Resolves when it is worth looking again, if the last look began at version `seen`. */
  async changed(seen: number): Promise<void> {
    if (seen !== this.#version || this.#closed) return;
    this.#waiting ??= Promise.withResolvers<void>();
    this.#timer ??= setTimeout(() => {
      const last = this.#hasEvents ? LAST_PAUSE_MS : LAST_PAUSE_WITHOUT_EVENTS_MS;
      this.#pauseMs = Math.min(this.#pauseMs * 2, last);
      this.#wake();
    }, this.#pauseMs);
    await this.#waiting.promise;
  }

  /** Makes everyone who waits look now, and soon again. */
  wake(): void {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#wake();
  }

  /** Stops watching for good. From now on `changed` resolves at once. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#stop();
  }

  #wake(): void {
    this.#version++;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting?.resolve();
    this.#waiting = undefined;
  }

  async #start(): Promise<FSWatcher | undefined> {
    const { watch } = await import('chokidar');
    if (this.#users === 0 || this.#closed) return undefined;
    // The `raw` events come at once and all of them; `all` comes late and not for each change, but on every platform.
    const watcher = watch(this.#folder, { depth: 0, ignoreInitial: true });
    watcher.on('raw', () => this.wake());
    watcher.on('all', () => this.wake());
    watcher.on('error', () => {
      this.#hasEvents = false; // inotify is exhausted: looking now and then must do
    });
    return watcher;
  }

  async #stop(): Promise<void> {
    const watcher = await this.#watcher;
    // Somebody may have taken an interest again meanwhile.
    if (watcher === undefined || (this.#users > 0 && !this.#closed)) return;
    this.#watcher = undefined;
    await watcher.close();
  }
}
