import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { aftermath } from '../aftermath.ts';
import { canRun } from '../can-run.ts';
import { type Fault, NotInjectable } from '../fault.ts';
import { handleWasRight, struckRun } from '../storage.ts';

/** Nothing can be made, removed or opened for writing in the home; what the run has open it may still write to. */
export const homeReadOnly: Fault = {
  name: 'home-read-only',
  title: 'The home made read-only during a run (chattr +i)',
  times: { full: 30, bounded: 1 },
  async strike(injection) {
    if (!canRun(['chattr', '+i', injection.temporary])) throw new NotInjectable('chattr +i is not allowed here');
    set('-i', [injection.temporary]);
    try {
      const struck = await struckRun(injection, {
        strike: () => set('+i', everythingIn(injection.home)),
      });
      if (struck.handle?.status !== 'successful')
        injection.checkNames(struck.told, /may not be written to|EPERM|EROFS|readonly|disk I\/O error/);
      set('-i', everythingIn(injection.home));
      await handleWasRight(injection, struck);
      await aftermath(injection);
    } finally {
      if (existsSync(injection.home)) set('-i', everythingIn(injection.home));
    }
  },
};

/** But for the file that SQLite has in memory: the system ends whoever writes to such a page with SIGBUS. */
function everythingIn(home: string): readonly string[] {
  for (;;) {
    try {
      const inside = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => !name.endsWith('-shm'));
      return [home, ...inside.map((name) => join(home, name))];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error; // the run has removed a folder of it meanwhile
    }
  }
}

function set(flag: '+i' | '-i', paths: readonly string[]): void {
  try {
    execFileSync('chattr', ['-f', flag, ...paths], { stdio: 'ignore' });
  } catch {
    // the run has removed some of it meanwhile
  }
}
