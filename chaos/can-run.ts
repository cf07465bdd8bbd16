import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Whether this machine lets a command be run with success. */
export async function canRun([file = '', ...args]: readonly string[]): Promise<boolean> {
  const child = spawn(file, args, { stdio: 'ignore' });
  const ended = Promise.race([once(child, 'exit'), once(child, 'error')]);
  const [result] = (await ended) as [unknown];
  return result === 0;
}
