import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import type { Mark } from './guardian.ts';
import { look } from './look.ts';
import { processIds } from './process-table.ts';
import { SharedReading } from './shared-reading.ts';

const PIDS_PER_TURN = 32;

/**
 * The processes, this one excepted, that have the mark in the environment they were started with. Only Linux can tell;
 * elsewhere there are none. Processes that ended, and those of other users, are not among them.
 *
 * @param mark without a `value` any value will do
 * @throws what the system says when this process cannot look at present (`cannotLook`)
 */
export async function marked(mark: { readonly name: Mark['name']; readonly value?: Mark['value'] }): Promise<number[]> {
  const found: number[] = [];
  for (const [pid, value] of await markValues(mark.name)) {
    if (mark.value === undefined || value === mark.value) found.push(pid);
  }
  return found;
}

/** The value that each process has for the variable. */
async function markValues(name: string): Promise<ReadonlyMap<number, string>> {
  const shared = readings.get(name) ?? { reading: new SharedReading(() => read(name)), users: 0 };
  readings.set(name, shared);
  shared.users += 1;
  try {
    return await shared.reading.take();
  } finally {
    shared.users -= 1;
    if (shared.users === 0) readings.delete(name); // there is a name for every detached run
  }
}

const readings = new Map<string, { readonly reading: SharedReading<ReadonlyMap<number, string>>; users: number }>();

async function read(name: string): Promise<ReadonlyMap<number, string>> {
  const values = new Map<number, string>();
  for (const [index, pid] of (processIds() ?? []).entries()) {
    if (index % PIDS_PER_TURN === PIDS_PER_TURN - 1) await setImmediate();
    const value = pid === process.pid ? undefined : markValue(pid, name);
    if (value !== undefined) values.set(pid, value);
  }
  return values;
}

function markValue(pid: number, name: string): string | undefined {
  const environment = look(() => readFileSync(`/proc/${pid}/environ`));
  if (environment === undefined) return undefined; // it has ended, or is another user's
  const start = environment.indexOf(`${name}=`);
  // An entry begins the environment or follows the zero byte that ends another.
  if (start === -1 || (start > 0 && environment[start - 1] !== 0)) return undefined;
  const end = environment.indexOf(0, start);
  return environment.toString('latin1', start + name.length + 1, end === -1 ? environment.length : end);
}
