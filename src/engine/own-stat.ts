import { openSync, readSync } from 'node:fs';

/** What the kernel tells of this process. */
interface OwnStatReading {
  /** Memory in use, in kilobytes of 1024 bytes. */
  readonly residentKb: number;
  readonly threads: number;
  /** Whether it has, or ever had, child processes. */
  readonly hadChildren: boolean;
}

const PAGE_KB = 4;

/** Where the kernel tells nothing. */
const NOTHING_KNOWN: OwnStatReading = { residentKb: 0, threads: 0, hadChildren: true };

/** Asks the kernel about this process, again and again and cheaply: by two files of /proc that stay open. */
export class OwnStat {
  readonly #stat = reader('/proc/self/stat', 1024);
  readonly #children = reader(`/proc/self/task/${process.pid}/children`, 16);

  read(): OwnStatReading {
    if (this.#stat === undefined || this.#children === undefined) return NOTHING_KNOWN;
    const text = this.#stat();
    // Behind the name, which stands in brackets and may hold anything, the fields are numbered from 3; proc_pid_stat(5).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 22);
    const field = (number: number): number => Number(fields[number - 3]);
    return {
      residentKb: field(24) * PAGE_KB,
      threads: field(20),
      // Page faults of children that have ended and were waited for: no process has none.
      hadChildren: field(11) > 0 || this.#children() !== '',
    };
  }
}

function reader(file: string, sizeBytes: number): (() => string) | undefined {
  try {
    const descriptor = openSync(file, 'r');
    const bytes = Buffer.alloc(sizeBytes);
    return () => bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, sizeBytes, 0));
  } catch {
    return undefined; // no such system, or a kernel without it
  }
}
