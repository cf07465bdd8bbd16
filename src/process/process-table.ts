import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { look } from './look.ts';
import { parseStat, type ProcessStat } from './process-stat.ts';
import { SharedReading } from './shared-reading.ts';

/** A process that has not ended. */
export interface ProcessEntry extends Omit<ProcessStat, 'ended'> {
  readonly pid: number;
}

/** The processes of this machine that have not ended; `undefined` where there is no `/proc`. */
export type ProcessTable = readonly ProcessEntry[];

// Reading a file of /proc takes 20 µs when it is done at once and three times that through the thread pool, so it is
// done at once, and the event loop gets its turn in between.
const PIDS_PER_TURN = 32;

const reading = new SharedReading(read);

/**
 * Reads `/proc` without holding up the event loop for more than a millisecond at a time.
 *
 * @returns `undefined` where there is no `/proc`
 * @throws what the system says when this process cannot look at present (`cannotLook`)
 */
export function processTable(): Promise<ProcessTable | undefined> {
  return reading.take();
}

async function read(): Promise<ProcessTable | undefined> {
  const pids = processIds();
  if (pids === undefined) return undefined;
  const table: ProcessEntry[] = [];
  for (const [index, pid] of pids.entries()) {
    if (index % PIDS_PER_TURN === PIDS_PER_TURN - 1) await setImmediate();
    const entry = entryOf(pid);
    if (entry !== undefined) table.push(entry);
  }
  return table;
}

/** The ids of all processes, or `undefined` where there is no `/proc`; throws as `processTable` does. */
export function processIds(): number[] | undefined {
  if (process.platform !== 'linux') return undefined;
  return look(() => readdirSync('/proc'))
    ?.filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** One row of the table; `undefined` when the process has ended; throws as `processTable` does. */
export function entryOf(pid: number): ProcessEntry | undefined {
  const stat = parseStat(look(() => readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? '');
  if (stat === undefined || stat.ended) return undefined;
  return { pid, parentPid: stat.parentPid, group: stat.group, startTime: stat.startTime };
}
