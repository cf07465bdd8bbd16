/** A signal that is aborted with the first of several others. Dispose it, or the others hold on to it. */
export class LinkedAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #listeners = new Map<AbortSignal, () => void>();

  constructor(sources: readonly (AbortSignal | undefined)[]) {
    for (const source of sources) {
      if (source === undefined) continue;
      const forward = () => this.#controller.abort(source.reason);
      if (source.aborted) forward();
      this.#listeners.set(source, forward);
      source.addEventListener('abort', forward);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const [source, forward] of this.#listeners) source.removeEventListener('abort', forward);
  }
}
