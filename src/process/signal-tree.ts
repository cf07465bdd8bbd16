import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Sends a signal to a process and all its descendants, on systems without `/proc`.
 *
 * @returns `false` when the tree could not be read, in which case nothing was sent
 */
export async function signalTree(pid: number, signal: NodeJS.Signals): Promise<boolean> {
  // tree-kill starts the program that lists processes and does not handle that it is missing: the error would be thrown
  // where nobody can catch it.
  if (!isInstalled(LISTERS[process.platform] ?? 'ps')) return false;
  const { default: treeKill } = await import('tree-kill');
  return await new Promise((resolve) => {
    treeKill(pid, signal, (error) => resolve(error === undefined || error === null));
  });
}

const LISTERS: Partial<Record<NodeJS.Platform, string>> = { darwin: 'pgrep', win32: 'taskkill.exe' };

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
