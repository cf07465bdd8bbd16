/**
 * A generator that can be left while it waits: `return()` of a plain one is only heard when it yields again, which may
 * be never. Its own waiting must end when the signal it is given is aborted.
 */
export declare function leavable<T>(generate: (signal: AbortSignal) => AsyncGenerator<T>, outer?: AbortSignal): AsyncIterableIterator<T>;
