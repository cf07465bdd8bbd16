import { open } from 'node:fs/promises';
import { logTimesFile } from '../store/home-folder.ts';

/** What a `Date` can hold, in milliseconds since the epoch. */
const LATEST_MS = 8.64e15;

interface Entry {
  readonly offset: number;
  readonly timeMs: number;
}

/** When the bytes of a log were seen, from the file beside it. */
export class LogTimes {
  readonly #file: string;
  readonly #entries: Entry[] = [];
  #position = 0;
  #rest = '';

  constructor(log: string) {
    this.#file = logTimesFile(log);
  }

  /** Takes in what was added since the last call. */
  async update(): Promise<void> {
    let text = '';
    try {
      await using handle = await open(this.#file);
      for await (const chunk of handle.createReadStream({
        start: this.#position,
        encoding: 'latin1',
        autoClose: false,
      })) {
        text += chunk as string;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    this.#position += text.length; // latin1: a byte is a character
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [offset = NaN, timeMs = NaN] = line.split(' ').map(Number);
      // Later ones stand behind: what does not is no entry of ours, as is a time that no Date can hold.
      const isEntry = offset >= (this.#entries.at(-1)?.offset ?? 0) && Math.abs(timeMs) <= LATEST_MS;
      if (isEntry && offset <= Number.MAX_SAFE_INTEGER) this.#entries.push({ offset, timeMs });
    }
  }

  /** When the byte at `offset` was seen, in milliseconds since the epoch; `undefined` when that was not recorded. */
  at(offset: number): number | undefined {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && entry.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return this.#entries[low - 1]?.timeMs;
  }
}
