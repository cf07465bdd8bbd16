import { type FileHandle, open, stat } from 'node:fs/promises';
import { LogTimes } from './log-times.ts';

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** A line of a log. */
export interface TaskLogLine {
  /** When its beginning was seen. */
  readonly time: Date;
  /** Without the end of the line; bytes that are no UTF-8 are U+FFFD. */
  readonly text: string;
}

/** How to follow a log. */
export interface LogFollowing {
  /** Whether nothing more will be written. */
  readonly ended: () => Promise<boolean>;
  /** Resolves when a look at the log is due. */
  readonly next: () => Promise<void>;
}

/** The lines of a log file as they are written, until it has ended. The file need not exist yet. Returns how many bytes it had. */
export async function* logLines(file: string, { ended, next }: LogFollowing): AsyncGenerator<TaskLogLine, number> {
  const times = new LogTimes(file);
  const splitter = new LineSplitter();
  let handle: FileHandle | undefined;
  let position = 0;
  let lastLook = { position: Infinity, timeMs: -Infinity };
  try {
    for (;;) {
      const isLast = await ended(); // asked before the reading, so that what was written before the end is read
      const look = { timeMs: Date.now(), modifiedMs: 0 };
      const line = ({ offset, bytes }: Line): TaskLogLine => {
        const seenMs = times.at(offset) ?? look.modifiedMs;
        // A line that was not there at the last look has not been seen before it: its own time is not recorded yet.
        const isStale = offset >= lastLook.position && seenMs < lastLook.timeMs;
        return { time: new Date(isStale ? look.timeMs : seenMs), text: bytes.toString() };
      };

      handle ??= await openIfThere(file);
      while (handle !== undefined) {
        const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
        const { mtimeMs, size } = await handle.stat();
        look.modifiedMs = mtimeMs;
        if (bytesRead > 0 && position === 0 && !(await isStillAt(file, handle))) {
          await handle.close();
          handle = undefined;
          break;
        }
        if (bytesRead === 0) {
          if (size < position) position = splitter.restart(size); // the log grew too large and was cut
          break;
        }
        position += bytesRead;
        await times.update();
        yield* splitter.push(buffer.subarray(0, bytesRead)).map(line);
      }
      if (isLast) {
        yield* splitter.end().map(line);
        return position;
      }
      lastLook = { position, timeMs: look.timeMs };
      await next();
    }
  } finally {
    await handle?.close();
  }
}

interface Line {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** Cuts what comes in pieces into lines. */
class LineSplitter {
  /** The pieces of a line that has not ended; joining them at each piece would be quadratic. */
  #rest: Buffer[] = [];
  #lineStart = 0;
  #position = 0;

  push(chunk: Buffer): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(this.#line(chunk.subarray(start, end)));
      start = end + 1;
      this.#lineStart = this.#position + start;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
    this.#position += chunk.length;
    return lines;
  }

  /** What was never ended. */
  end(): Line[] {
    return this.#rest.length === 0 ? [] : [this.#line(Buffer.alloc(0), { isEnded: false })];
  }

  /** Goes on at another place, and says which. */
  restart(position: number): number {
    this.#rest = [];
    this.#lineStart = this.#position = position;
    return position;
  }

  #line(last: Buffer, { isEnded = true } = {}): Line {
    const bytes = this.#rest.length === 0 ? last : Buffer.concat([...this.#rest, last]);
    this.#rest = [];
    const isCrLf = isEnded && bytes.at(-1) === CARRIAGE_RETURN;
    return { offset: this.#lineStart, bytes: isCrLf ? bytes.subarray(0, -1) : bytes };
  }
}

/**
 * Whether the file still has this name. A log that stayed empty is given to another task, whose output is not to be taken
 * for this one's; one that anything was written to keeps its name.
 */
export async function isStillAt(file: string, handle: FileHandle): Promise<boolean> {
  const { ino } = await handle.stat();
  try {
    return (await stat(file)).ino === ino;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
