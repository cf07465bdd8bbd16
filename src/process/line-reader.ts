import { isAscii } from 'node:buffer';
import type { FolderWatch } from './folder-watch.ts';
import type { LogFile } from './log-file.ts';

/** A line of a log. */
export interface LogLine {
  /** The byte offset at which the next line starts. */
  readonly position: number;
  /** The line without its ending. Bytes that are not UTF-8 come out as U+FFFD. */
  readonly line: string;
}

// A reader that waits for a line now and then needs little; one that has to catch up is given more at a time.
const SMALL_BYTES = 16 * 1024;
const LARGE_BYTES = 512 * 1024;
// A line is a slice of the text it was found in and keeps all of that in memory, so the text is short.
const TEXT_BYTES = 4 * 1024;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Gives out the lines of a log file one by one, those to come included. Ends when the file is complete; a last line that
 * has no ending is given out then, as it stands.
 *
 * Written by hand rather than as a generator so that leaving it works while it waits for a line.
 */
export class LineReader implements AsyncIterableIterator<LogLine, undefined, undefined> {
  readonly #file: LogFile;
  readonly #watch: FolderWatch;
  readonly #signal: AbortSignal | undefined;
  /** Where in the file the current chunk starts. */
  #chunkPosition: number;
  #chunk: Buffer | undefined;
  /** Some of the chunk with one character a byte, to search and, if it is ASCII, to take lines from. */
  #text = '';
  #textIsAscii = true;
  /** Where in the chunk the text starts. */
  #textStart = 0;
  /** Where in the chunk the next line starts. */
  #cursor = 0;
  /** The beginning of a line that goes on in the current chunk, in the pieces in which it was read. */
  #begun: Buffer[] = [];
  #bufferBytes = SMALL_BYTES;
  #sawLast = false;
  /** Whether it has just waited for something to be written. */
  #wasWoken = false;
  #interest: Disposable | undefined;
  /** What the calls before this one are still waiting for; they get their lines first. */
  #queue: Promise<unknown> | undefined;
  #left = false;

  constructor(file: LogFile, watch: FolderWatch, options: { position: number; signal: AbortSignal | undefined }) {
    if (!Number.isSafeInteger(options.position) || options.position < 0) {
      throw new RangeError(`position must be a byte offset, an integer of 0 or more, not ${options.position}`);
    }
    this.#file = file;
    this.#watch = watch;
    this.#chunkPosition = options.position;
    this.#signal = options.signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next line, once there is one. @throws the reason of the signal when that was aborted */
  next(): Promise<IteratorResult<LogLine, undefined>> {
    if (this.#queue === undefined && !this.#left) {
      if (this.#signal?.aborted === true) return this.#abort();
      const line = this.#takeLine();
      if (line !== undefined) return Promise.resolve({ done: false, value: line });
    }
    const answer = this.#inTurn(this.#queue);
    this.#queue = answer;
    const settle = () => {
      if (this.#queue === answer) this.#queue = undefined;
    };
    answer.then(settle, settle);
    return answer;
  }

  /** Ends the reading, also while a line is being waited for. */
  async return(): Promise<IteratorResult<LogLine, undefined>> {
    this.#end();
    this.#watch.wake();
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #inTurn(before: Promise<unknown> | undefined): Promise<IteratorResult<LogLine, undefined>> {
    await before?.catch(() => {}); // whoever asked before has been told
    const wake = () => this.#watch.wake();
    this.#signal?.addEventListener('abort', wake, { once: true });
    try {
      for (;;) {
        if (this.#left) return { done: true, value: undefined };
        if (this.#signal?.aborted === true) return await this.#abort();
        const line = this.#takeLine() ?? (this.#sawLast ? this.#takeRest() : undefined);
        if (line !== undefined) return { done: false, value: line };
        if (this.#sawLast) {
          this.#end();
          continue;
        }
        await this.#fill();
      }
    } catch (error) {
      this.#end();
      throw error;
    } finally {
      this.#signal?.removeEventListener('abort', wake);
    }
  }

  async #abort(): Promise<never> {
    this.#end();
    throw this.#signal?.reason;
  }

  #end(): void {
    this.#left = true;
    this.#drop();
    this.#begun = [];
    this.#interest?.[Symbol.dispose]();
    this.#interest = undefined;
  }

  #takeLine(): LogLine | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined) return undefined;
    const start = this.#cursor;
    const endInText = this.#text.indexOf('\n', start - this.#textStart);
    const isInText = endInText !== -1;
    const end = isInText ? this.#textStart + endInText : chunk.indexOf(NEWLINE, this.#textStart + this.#text.length);
    if (end === -1) return undefined;
    this.#cursor = end + 1;
    const position = this.#chunkPosition + this.#cursor;
    let line: string;
    if (this.#begun.length > 0) {
      const bytes = Buffer.concat([...this.#begun, chunk.subarray(start, end)]);
      this.#begun = [];
      line = text(bytes, 0, bytes.length);
    } else if (isInText && this.#textIsAscii) {
      line = this.#text.slice(start - this.#textStart, withoutCarriageReturn(chunk, start, end) - this.#textStart);
    } else {
      line = text(chunk, start, end);
    }
    if (!isInText) this.#decode(chunk);
    return { position, line };
  }

  /** A last line that has no ending. */
  #takeRest(): LogLine | undefined {
    this.#keepBegunLine();
    if (this.#begun.length === 0) return undefined;
    const line = Buffer.concat(this.#begun).toString();
    this.#begun = [];
    return { position: this.#chunkPosition, line };
  }

  /** Reads the next chunk, or waits until there may be one. */
  async #fill(): Promise<void> {
    this.#keepBegunLine();
    const seen = this.#watch.version;
    const buffer = Buffer.allocUnsafeSlow(this.#bufferBytes);
    // At once only behind a wait, so that a reader that has much to read leaves time for others.
    const { bytesRead, last } = this.#wasWoken
      ? this.#file.readNow(buffer, this.#chunkPosition)
      : await this.#file.read(buffer, this.#chunkPosition);
    this.#wasWoken = false;
    if (this.#left) return;
    this.#sawLast = last;
    this.#bufferBytes = bytesRead === buffer.length ? LARGE_BYTES : SMALL_BYTES;
    if (bytesRead > 0) {
      this.#chunk = buffer.subarray(0, bytesRead);
      this.#cursor = 0;
      this.#decode(this.#chunk);
    } else if (!last) {
      this.#interest ??= this.#watch.use();
      await this.#watch.changed(seen);
      this.#wasWoken = true;
    }
  }

  /** Makes text of what comes next in the chunk. */
  #decode(chunk: Buffer): void {
    const bytes = chunk.subarray(this.#cursor, this.#cursor + TEXT_BYTES);
    this.#textStart = this.#cursor;
    this.#text = bytes.toString('latin1');
    this.#textIsAscii = isAscii(bytes);
  }

  /** Keeps what is left of the chunk, which is the beginning of a line, and drops the chunk. */
  #keepBegunLine(): void {
    if (this.#chunk !== undefined && this.#cursor < this.#chunk.length) {
      this.#begun.push(Buffer.from(this.#chunk.subarray(this.#cursor)));
    }
    this.#drop();
  }

  #drop(): void {
    this.#chunkPosition += this.#chunk?.length ?? 0;
    this.#chunk = undefined;
    this.#text = '';
    this.#textStart = 0;
    this.#cursor = 0;
  }
}

function text(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, withoutCarriageReturn(bytes, start, end));
}

function withoutCarriageReturn(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
}
