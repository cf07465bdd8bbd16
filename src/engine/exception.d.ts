import type { ExceptionRecord } from '../store/run-store.ts';
/** What was thrown, as data. Anything can be thrown; it becomes a name, a message and the user's own frames. */
export declare function recordException(thrown: unknown): ExceptionRecord;
/** `TypeError: no such thing`, then the frames, each on a line. */
export declare function formatException({ name, message, stack }: ExceptionRecord): string;
