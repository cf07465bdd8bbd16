import { appendFileSync, closeSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { logTimesFile } from '../store/home-folder.ts';
import type { SecretMask } from './secret-mask.ts';

/** Receives whole lines as they come, without their line ends. */
export type LineSink = (lines: readonly string[]) => void;

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The most that one look takes in, since timers, signals and messages wait for it. */
const LOOK_BYTES = 16 * CHUNK_BYTES;

/** What is longer without a line end is handed on as several lines: nobody says that there will ever be one. */
const LONGEST_LINE_BYTES = 16_000_000;

/**
 * How far a log may exceed its limit while its task runs. Cutting a file under its writers loses what they write at that
 * moment and what has not been taken in yet, so it is left for the end of the task unless the disk is at stake.
 */
const HEADROOM_BYTES = 100_000_000;

/** What a look found: nothing new, all that is new, or a part of it. */
export type Look = 'nothing' | 'all' | 'part';

/**
 * One log of a running attempt, as its run process follows it: the task and all it starts append to the file; every
 * `look` takes in some of what is new, hands on the whole lines and notes the time. Everything is handed on, unless the file
 * outgrew its limit by far before it was taken in; what is kept in the file when the task has ended is the first `maxBytes`.
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
  #unfinishedBytes = 0;
  #wasCut = false;
  /** Whether it was cut while its task ran, and it is still to be told, where that place comes, that lines may be missing. */
  #hasGap = false;
  /** Whether something was not handed on. */
  #isUnshown = false;
  /** How much somebody else took away from what had been taken in. */
  #lostBytes = 0;

  constructor(file: string, { maxBytes, mask, sink }: { maxBytes: number; mask: SecretMask; sink: LineSink }) {
    this.file = file;
    this.#maxBytes = maxBytes;
    this.#mask = mask;
    this.#sink = mask.isEmpty ? sink : (lines) => sink(lines.map((line) => mask.text(line)));
  }

  /** How much there is to take in since it was opened, in bytes. */
  get writtenBytes(): number {
    return statSync(this.file).size;
  }

  /** How many bytes the file should have: those that were taken in and not cut off here. Once it is closed, for good. */
  get sizeBytes(): number {
    return this.#position + this.#lostBytes;
  }

  /** How much of it was taken in. */
  get takenBytes(): number {
    return this.#position;
  }

  /**
   * Takes in what was written since the last look, a megabyte at most.
   *
   * @param options.isShown whether it is handed on, and not only kept
   */
  look({ isShown = true }: { isShown?: boolean } = {}): Look {
    const { writtenBytes } = this;
    if (writtenBytes < this.#position) this.#goBack(writtenBytes);
    if (writtenBytes <= this.#position) return 'nothing';
    const descriptor = this.#open();
    const start = this.#position;
    this.#noteTime();
    let length: number;
    do {
      if (this.#hasGap && this.#position === this.#maxBytes) this.#tellGap();
      const room = this.#hasGap ? this.#maxBytes - this.#position : CHUNK_BYTES;
      const chunk = Buffer.allocUnsafe(Math.min(room, CHUNK_BYTES));
      length = readSync(descriptor, chunk, 0, chunk.byteLength, this.#position);
      this.#hideSecrets(chunk.subarray(0, length), descriptor);
      this.#position += length;
      if (isShown) this.#take(chunk.subarray(0, length));
      else this.#isUnshown = true;
    } while (length > 0 && this.#position - start < LOOK_BYTES);
    this.#bound(writtenBytes);
    return length === 0 ? 'all' : 'part';
  }

  /** Sees to it that the file does not fill the disk while nothing can be taken in. */
  bound(): void {
    this.#bound(this.writtenBytes);
  }

  /** Whether nothing was written up to the last look. */
  get isEmpty(): boolean {
    return this.#position === 0;
  }

  /** Ends it when all is taken in: hands on a line that has no end, and cuts what is too much. */
  close(): void {
    if (this.#descriptor === undefined) return;
    this.#handOnUnfinished();
    if (this.#hasGap) this.#tellGap();
    if (this.#isUnshown)
      this.#sink(['[raceway: the rest was not read from stdout in time; it is in the log of the task]']);
    if (this.#wasCut || this.#position > this.#maxBytes) {
      this.#cut(this.#descriptor);
      this.#position += writeSync(this.#descriptor, `\n${this.#note('the rest was not kept')}\n`, this.#position);
    }
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** Hides the secrets in what something that survived the task has written since; that is not handed on. */
  async hideLate(): Promise<void> {
    const { writtenBytes } = this;
    if (writtenBytes <= this.#position) return;
    const descriptor = this.#open();
    const chunk = Buffer.allocUnsafe(LOOK_BYTES);
    let length: number;
    do {
      length = readSync(descriptor, chunk, 0, chunk.byteLength, this.#position);
      this.#hideSecrets(chunk.subarray(0, length), descriptor);
      this.#position += length;
      await setImmediate();
    } while (length > 0 && this.#position < writtenBytes);
    closeSync(descriptor);
    this.#descriptor = undefined;
  }

  /** Not for appending, since what is opened so writes nowhere else. */
  #open(): number {
    return (this.#descriptor ??= openSync(this.file, 'r+'));
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

  #bound(writtenBytes: number): void {
    if (writtenBytes <= this.#maxBytes + HEADROOM_BYTES) return;
    this.#cut(this.#open());
    this.#hasGap = true;
  }

  #cut(descriptor: number): void {
    ftruncateSync(descriptor, this.#maxBytes); // writers append, so they go on at the new end
    this.#wasCut = true;
    if (this.#position <= this.#maxBytes) return;
    this.#position = this.#maxBytes;
    this.#before = Buffer.alloc(0);
  }

  /** Somebody else cut the file: what is written from now on comes behind what is left. */
  #goBack(writtenBytes: number): void {
    this.#lostBytes += this.#position - writtenBytes;
    this.#position = writtenBytes;
    this.#before = Buffer.alloc(0);
  }

  #tellGap(): void {
    this.#handOnUnfinished();
    this.#sink([this.#note('from here on, lines may be missing')]);
    this.#hasGap = false;
  }

  #note(consequence: string): string {
    return `[raceway: more was written than --max-log-size=${this.#maxBytes / 1_000_000}; ${consequence}]`;
  }

  #take(chunk: Buffer): void {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end !== -1) {
      this.#sink(splitLines(Buffer.concat([...this.#unfinished, chunk.subarray(0, end + 1)])).slice(0, -1));
      this.#unfinished = [];
      this.#unfinishedBytes = 0;
    }
    const rest = chunk.subarray(end + 1);
    if (rest.byteLength > 0) this.#unfinished.push(rest);
    this.#unfinishedBytes += rest.byteLength;
    if (this.#unfinishedBytes > LONGEST_LINE_BYTES) this.#handOnUnfinished();
  }

  #handOnUnfinished(): void {
    if (this.#unfinished.length > 0) this.#sink(splitLines(Buffer.concat(this.#unfinished)));
    this.#unfinished = [];
    this.#unfinishedBytes = 0;
  }
}

function splitLines(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8');
  return text.includes('\r') ? text.split(/\r?\n/) : text.split('\n'); // the second is several times faster
}
