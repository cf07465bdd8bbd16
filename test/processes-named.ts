import { readFileSync } from 'node:fs';
import { entryOf, processIds } from '../src/process/process-table.ts';

/** The processes, this one excepted, that have the text on their command line. */
export function processesNamed(text: string): number[] {
  return (processIds() ?? []).filter((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return pid !== process.pid && command.includes(text) && entryOf(pid) !== undefined;
    } catch {
      return false; // it has ended
    }
  });
}
