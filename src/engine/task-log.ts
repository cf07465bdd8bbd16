import { appendFileSync, closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { logTimesFile } from '../store/home-folder.ts';
import type { SecretMask } from './secret-mask.ts';

/** Receives whole lines as they come, without their line ends. */
export type LineSink = (lines: readonly string[]) => void;

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/**
 * How far a log may exceed its limit while its task runs. Cutting a file under its writers can lose what they write at
 * that moment, so it is left for the end of the task unless the disk is at stake.
 */
const HEADROOM_BYTES = 100_000_000;

/**
 * One log of a running attempt, as its run process follows it: the task and all it starts append to the file; every
 * `look` takes in what is new, hands on the whole lines and notes the time. Everything is handed on; what is kept in the
 * file when the task has ended is the first `maxBytes`.
 */
export class TaskLog {
  readonly file: string;
  /** Opened when there is something to read: most tasks print nothing. */
  #descriptor: number | undefined;
  readonly #maxBytes: number;
  readonly #sink: LineSink;
  readonly #mask: SecretMask;
  /** The end of what was seen: a secret may be written in two parts. */
  #before = Buffer.alloc(0);
  #position = 0;
  /** The beginning of a line whose end has not been written yet. */
  #unfinished: Buffer[] = [];
  #wasCut = false;

  constructor(file: string, { maxBytes, mask, sink }: { maxBytes: number; mask: SecretMask; sink: LineSink }) {
    this.file = file;
    this.#maxBytes = maxBytes;
    this.#mask = mask;
    this.#sink = mask.isEmpty ? sink : (lines) => sink(lines.map((line) => mask.text(line)));
  }

  /** Takes in what was written since the last look; `false` when nothing was. */
  look(): boolean {
    if (statSync(this.file).size <= this.#position) return false;
    // Not for appending, since what is opened so writes nowhere else.
    this.#descriptor ??= openSync(this.file, 'r+');
    const start = this.#position;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(this.#descriptor, chunk, 0, chunk.byteLength, this.#position);
      if (length === 0) break;
      if (this.#position === start) this.#noteTime();
      this.#hideSecrets(chunk.subarray(0, length), this.#descriptor);
      this.#position += length;
      this.#take(chunk.subarray(0, length));
    }
    if (this.#position > this.#maxBytes + HEADROOM_BYTES) {
      this.#cut(this.#descriptor);
      this.#sink([this.#note('from here on, lines may be missing')]);
    }
    return true;
  }

  /** Whether nothing was written up to the last look. */
  get isEmpty(): boolean {
    return this.#position === 0;
  }

  /** The last look: hands on a line that has no end, and cuts what is too much. */
  close(): void {
    this.look();
    if (this.#descriptor === undefined) return;
    if (this.#unfinished.length > 0) this.#sink(splitLines(Buffer.concat(this.#unfinished)));
    if (this.#position > this.#maxBytes) this.#cut(this.#descriptor);
    if (this.#wasCut) writeSync(this.#descriptor, `\n${this.#note('the rest was not kept')}\n`, this.#position);
    closeSync(this.#descriptor);
  }

  /** Writes over the secrets in what is being taken in, where they stand in the file. */
  #hideSecrets(chunk: Buffer, descriptor: number): void {
    if (this.#mask.isEmpty) return;
    const bytes = Buffer.concat([this.#before, chunk]);
    for (const { start, length } of this.#mask.find(bytes)) {
      writeSync(descriptor, Buffer.alloc(length, '*'), 0, length, this.#position - this.#before.byteLength + start);
    }
    const keptBytes = Math.min(bytes.byteLength, this.#mask.longestBytes - 1);
    this.#before = bytes.subarray(bytes.byteLength - keptBytes);
  }

  #noteTime(): void {
    if (this.#position < this.#maxBytes) {
      appendFileSync(logTimesFile(this.file), `${this.#position} ${Date.now()}\n`, { mode: 0o600 });
    }
  }

  #cut(descriptor: number): void {
    ftruncateSync(descriptor, this.#maxBytes); // writers append, so they go on at the new end
    this.#position = this.#maxBytes;
    this.#before = Buffer.alloc(0);
    this.#wasCut = true;
  }

  #note(consequence: string): string {
    return `[raceway: more was written than --max-log-size=${this.#maxBytes / 1_000_000}; ${consequence}]`;
  }

  #take(chunk: Buffer): void {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      this.#unfinished.push(chunk);
      return;
    }
    this.#sink(splitLines(Buffer.concat([...this.#unfinished, chunk.subarray(0, end)])));
    this.#unfinished = end + 1 < chunk.byteLength ? [chunk.subarray(end + 1)] : [];
  }
}

function splitLines(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8');
  return text.includes('\r') ? text.split(/\r?\n/) : text.split('\n'); // the second is several times faster
}
