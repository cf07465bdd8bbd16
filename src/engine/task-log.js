import { appendFileSync, closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { logTimesFile } from '../store/home-folder.js';
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/**
 * One log of a running attempt, as its run process follows it: the task and all it starts append to the file; every
 * `look` takes in what is new, hands on the whole lines, notes the time, and cuts what is too much.
 */
export class TaskLog {
  #file;
  #descriptor;
  #maxBytes;
  #sink;
  #position = 0;
  /** The beginning of a line whose end has not been written yet. */
  #unfinished = [];
  #wasCut = false;
  constructor(file, { maxBytes, sink }) {
    this.#file = file;
    this.#descriptor = openSync(file, 'a+', 0o600);
    this.#maxBytes = maxBytes;
    this.#sink = sink;
  }
  /** Takes in what was written since the last look; `false` when nothing was. */
  look() {
    const sizeBytes = fstatSync(this.#descriptor).size;
    if (sizeBytes > this.#maxBytes) {
      ftruncateSync(this.#descriptor, this.#maxBytes); // writers append, so they go on at the new end
      this.#wasCut = true;
    }
    const endBytes = Math.min(sizeBytes, this.#maxBytes);
    if (endBytes <= this.#position) return false;
    appendFileSync(logTimesFile(this.#file), `${this.#position} ${Date.now()}\n`, { mode: 0o600 });
    while (this.#position < endBytes) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, endBytes - this.#position));
      const length = readSync(this.#descriptor, chunk, 0, chunk.byteLength, this.#position);
      if (length === 0) break;
      this.#position += length;
      this.#take(chunk.subarray(0, length));
    }
    return true;
  }
  /** The last look: hands on a line that has no end, and says so when something was cut. */
  close() {
    this.look();
    if (this.#unfinished.length > 0) this.#sink(splitLines(Buffer.concat(this.#unfinished)));
    if (this.#wasCut) {
      const note = `[raceway: more was written than --max-log-size allows (${this.#maxBytes} bytes); the rest is cut]`;
      writeSync(this.#descriptor, `${this.#unfinished.length > 0 ? '\n' : ''}${note}\n`);
      this.#sink([note]);
    }
    closeSync(this.#descriptor);
  }
  #take(chunk) {
    const end = chunk.lastIndexOf(NEWLINE);
    if (end === -1) {
      this.#unfinished.push(chunk);
      return;
    }
    this.#sink(splitLines(Buffer.concat([...this.#unfinished, chunk.subarray(0, end)])));
    this.#unfinished = end + 1 < chunk.byteLength ? [chunk.subarray(end + 1)] : [];
  }
}
function splitLines(bytes) {
  const text = bytes.toString('utf8');
  return text.includes('\r') ? text.split(/\r?\n/) : text.split('\n'); // the second is several times faster
}
