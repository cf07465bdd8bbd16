/**
 * A reading that many ask for at once: whoever asks gets one that began after the question, and all who ask while one is
 * under way share the next. Ending fifty runs at once does not read `/proc` fifty times.
 */
export class SharedReading<T> {
  readonly #read: () => Promise<T>;
  #current: Promise<unknown> | undefined;
  #next: Promise<T> | undefined;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** The result of a reading that begins after this call. */
  take(): Promise<T> {
    this.#next ??= this.#readAfterCurrent();
    return this.#next;
  }

  async #readAfterCurrent(): Promise<T> {
    await this.#current?.catch(() => {});
    this.#current = this.#next;
    this.#next = undefined;
    return await this.#read();
  }
}
