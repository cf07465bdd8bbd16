import type { Writable } from 'node:stream';
import type { LogFile } from '../process/log-file.ts';

/**
 * Copies a log to a stream as it grows, byte by byte and no faster than the stream takes it. Resolves when the log is
 * complete and all of it has been taken, or when the signal is aborted.
 */
export async function copyLog(log: LogFile, target: Writable, signal?: AbortSignal): Promise<void> {
  for await (const chunk of log.chunks({ signal })) {
    // Whether it could be written is for those to say who listen for errors of the stream.
    await new Promise<void>((resolve) => target.write(chunk, () => resolve()));
  }
}
