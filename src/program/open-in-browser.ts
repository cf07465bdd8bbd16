import { spawn } from 'node:child_process';

/** What shows a file to the user, by platform. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = { linux: 'xdg-open', darwin: 'open' };

/**
 * Opens a file as the user's desktop does, in a process that this one does not wait for.
 *
 * @returns whether there was something to open it with
 */
export function openInBrowser(
  file: string,
  { environment = process.env }: { environment?: NodeJS.ProcessEnv } = {},
): Promise<boolean> {
  const command = OPENERS[process.platform];
  if (command === undefined) return Promise.resolve(false);
  const opener = spawn(command, [file], { detached: true, stdio: 'ignore', env: environment });
  opener.unref();
  return new Promise((resolve) => {
    opener.once('spawn', () => resolve(true));
    opener.once('error', () => resolve(false)); // a machine without a desktop; the path is printed all the same
  });
}
