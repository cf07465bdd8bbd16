import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { RacewayError } from '../core/errors.ts';
import type { FolderWatch } from './folder-watch.ts';
import { LineReader } from './line-reader.ts';

/** The most that `LogFile.text` returns, in bytes: a string cannot be much longer. */
const TEXT_LIMIT_BYTES = 256 * 1024 * 1024;

/** What a log file is: still written to, all there, or gone (then every reading throws the error). */
type LogState =
  | { readonly status: 'growing' }
  | { readonly status: 'complete'; readonly sizeBytes: number }
  | { readonly status: 'removed'; readonly sizeBytes: number; readonly error: Error };

/** A stretch of a log file. */
export interface LogChunk {
  readonly bytesRead: number;
  /** Whether nothing can follow it. */
  readonly last: boolean;
}

/**
 * A file that a child writes to and any number of readers follow. No reading holds the file open, so that a reader that
 * is dropped halfway has nothing to give back.
 */
export class LogFile {
  readonly path: string;
  readonly #watch: FolderWatch;
  #state: LogState = { status: 'growing' };

  /** @param watch watches the folder of the file */
  constructor(path: string, watch: FolderWatch) {
    this.path = path;
    this.#watch = watch;
  }

  /** Says that nobody writes to the file any more, so that its readers come to an end. */
  async complete(): Promise<void> {
    if (this.#state.status !== 'growing') return;
    const sizeBytes = await stat(this.path).then(
      ({ size }) => size,
      () => Infinity, // somebody removed it; reading it will say so
    );
    this.#state = { status: 'complete', sizeBytes };
    this.#watch.wake();
  }

  /** Says that the file is gone: who wants more of it gets this error. */
  remove(error: Error): void {
    const sizeBytes = this.#state.status === 'growing' ? Infinity : this.#state.sizeBytes;
    this.#state = { status: 'removed', sizeBytes, error };
    this.#watch.wake();
  }

  /**
   * Everything written so far. Bytes that are not UTF-8 come out as U+FFFD.
   *
   * @throws {RacewayError} `OUTPUT_TOO_LARGE` when that is more than 256 MB, `CLEANED_UP` when somebody removed the file
   */
  text(): string {
    if (this.#state.status === 'removed') throw this.#state.error;
    const size = statSync(this.path, { throwIfNoEntry: false })?.size;
    if (size === undefined) throw this.#missing();
    if (size > TEXT_LIMIT_BYTES) {
      throw new RacewayError(
        'OUTPUT_TOO_LARGE',
        `could not give out ${this.path} as one string: it has ${size} bytes, and ${TEXT_LIMIT_BYTES} is the limit`,
        'Read it line by line with streamLog.',
      );
    }
    return readFileSync(this.path, 'utf8');
  }

  /** The last bytes of the file as text, from the beginning of a line if one begins there; nothing when somebody removed it. */
  tail(limitBytes: number): string {
    if (this.#state.status === 'removed') throw this.#state.error;
    if (!existsSync(this.path)) return '';
    const file = openSync(this.path, 'r');
    try {
      const start = Math.max(0, fstatSync(file).size - limitBytes);
      const buffer = Buffer.allocUnsafe(limitBytes);
      const bytes = buffer.subarray(0, readSync(file, buffer, 0, limitBytes, start));
      return (start === 0 ? bytes : bytes.subarray(bytes.indexOf(0x0a) + 1)).toString();
    } finally {
      closeSync(file);
    }
  }

  /** The lines from byte `position`, those to come included, until the file is complete. */
  lines({
    position = 0,
    signal,
  }: { position?: number | undefined; signal?: AbortSignal | undefined } = {}): LineReader {
    return new LineReader(this, this.#watch, { position, signal });
  }

  /** The bytes as they come, until the file is complete. A chunk is valid until the next is asked for. */
  async *chunks({ signal }: { signal?: AbortSignal | undefined } = {}): AsyncGenerator<Buffer, void, undefined> {
    using _interest = this.#watch.use();
    const wake = () => this.#watch.wake();
    signal?.addEventListener('abort', wake, { once: true });
    try {
      const buffer = Buffer.allocUnsafeSlow(64 * 1024);
      let position = 0;
      while (signal?.aborted !== true) {
        const seen = this.#watch.version;
        const { bytesRead, last } = await this.read(buffer, position);
        position += bytesRead;
        if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
        if (last) return;
        if (bytesRead === 0) await this.#watch.changed(seen);
      }
    } finally {
      signal?.removeEventListener('abort', wake);
    }
  }

  /** Reads what is there at `position`. */
  async read(buffer: Buffer, position: number): Promise<LogChunk> {
    const { state, end } = this.#look(position);
    if (end !== undefined) return end;
    await using file = await open(this.path).catch((error: unknown) => {
      throw this.#notOpened(error);
    });
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    return chunkOf(state, { bytesRead, position });
  }

  /**
   * The same at once, for what was just written and is a little: in a busy machine each of the three ways to a thread of
   * the pool and back may take as long as all the rest.
   */
  readNow(buffer: Buffer, position: number): LogChunk {
    const { state, end } = this.#look(position);
    if (end !== undefined) return end;
    const file = this.#open();
    try {
      return chunkOf(state, { bytesRead: readSync(file, buffer, 0, buffer.length, position), position });
    } finally {
      closeSync(file);
    }
  }

  /** The state comes before the reading: what is written after it was read is not missed, only not yet the last. */
  #look(position: number): { readonly state: LogState; readonly end?: LogChunk } {
    const state = this.#state;
    if (state.status !== 'growing' && position >= state.sizeBytes) return { state, end: { bytesRead: 0, last: true } };
    if (state.status === 'removed') throw state.error;
    return { state };
  }

  #open(): number {
    try {
      return openSync(this.path, 'r');
    } catch (error) {
      throw this.#notOpened(error);
    }
  }

  #notOpened(error: unknown): unknown {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? this.#missing(error) : error;
  }

  #missing(cause?: unknown): RacewayError {
    return new RacewayError(
      'CLEANED_UP',
      `could not read ${this.path}: somebody removed it`,
      'Keep whatever clears the folder for temporary files away from it. What each task printed is kept with the run.',
      { cause },
    );
  }
}

function chunkOf(state: LogState, { bytesRead, position }: { bytesRead: number; position: number }): LogChunk {
  return { bytesRead, last: state.status === 'complete' && position + bytesRead >= state.sizeBytes };
}
