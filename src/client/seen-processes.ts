import { fileHolders } from '../process/file-holders.ts';
import { presence } from '../process/identity.ts';
import type { GarbageOptions } from '../store/run-store.ts';

/** What can be seen of the processes of this machine by who collects garbage; what cannot be told counts as being there. */
export const SEEN_PROCESSES: Omit<GarbageOptions, 'dryRun'> = {
  isGone: (process) => presence(process) === 'gone',
  isHeld: (file) => fileHolders([file])?.length !== 0,
};
