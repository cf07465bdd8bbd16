import { spawnSync } from 'node:child_process';

/** Whether this machine has a command and lets it be run with success. */
export function canRun([file = '', ...args]: readonly string[]): boolean {
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}
