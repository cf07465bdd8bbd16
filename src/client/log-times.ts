import { open } from 'node:fs/promises';
import { logTimesFile } from '../store/home-folder.ts';

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
      const [offset, timeMs] = line.split(' ').map(Number);
      if (Number.isFinite(offset) && Number.isFinite(timeMs)) this.#entries.push({ offset, timeMs } as Entry);
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
