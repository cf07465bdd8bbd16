/**
 * A generator that can be left while it waits: `return()` of a plain one is only heard when it yields again, which may
 * be never. Its own waiting must end when the signal it is given is aborted.
 */
export function leavable<T>(
  generate: (signal: AbortSignal) => AsyncGenerator<T>,
  outer?: AbortSignal,
): AsyncIterableIterator<T, undefined, undefined> {
  const leaving = new AbortController();
  const generator = generate(outer === undefined ? leaving.signal : AbortSignal.any([outer, leaving.signal]));
  const done = { done: true, value: undefined } as const;
  return {
    async next() {
      try {
        return await generator.next();
      } catch (error) {
        if (leaving.signal.aborted) return done;
        throw error;
      }
    },
    async return() {
      leaving.abort();
      await generator.return(undefined).catch(() => {}); // what it waited for was cut short
      return done;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
