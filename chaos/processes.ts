import { readFileSync } from 'node:fs';
import { entryOf, processIds } from '../src/process/process-table.ts';

/** What a process is to the run that it belongs to. */
export type Role = 'parent' | 'run' | 'worker' | 'guardian' | 'other';

export interface FoundProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly role: Role;
  readonly command: string;
}

/** The processes that have the text in the environment they were started with, this one excepted. */
export function processesWith(text: string): readonly FoundProcess[] {
  return (processIds() ?? []).flatMap((pid) => {
    if (pid === process.pid) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      if (!environment.includes(text)) return [];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trimEnd();
      const entry = entryOf(pid); // none for what has ended and was not reaped
      return entry === undefined
        ? []
        : [{ pid, parentPid: entry.parentPid, command, role: roleOf(command, environment) }];
    } catch {
      return []; // it has ended, or is another user's
    }
  });
}

function roleOf(command: string, environment: string): Role {
  if (command.includes('raceway-guardian')) return 'guardian';
  if (/(^|\0)RACEWAY_WORKER=/.test(environment)) return 'worker';
  if (command.includes('/chaos/programs/')) return 'parent'; // which names the flow too
  return command.includes('/chaos/flows/') ? 'run' : 'other';
}
