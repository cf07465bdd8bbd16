/** A signal that is aborted with the first of several others. Dispose it, or the others hold on to it. */
export class LinkedAbort implements Disposable {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];

  constructor(sources: readonly (AbortSignal | undefined)[]) {
    this.#sources = sources.filter((source) => source !== undefined);
    for (const source of this.#sources) {
      if (source.aborted) this.#controller.abort(source.reason);
      source.addEventListener('abort', this.#forward);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    for (const source of this.#sources) source.removeEventListener('abort', this.#forward);
  }

  readonly #forward = ({ currentTarget }: Event): void => {
    if (currentTarget instanceof AbortSignal) this.#controller.abort(currentTarget.reason);
  };
}
