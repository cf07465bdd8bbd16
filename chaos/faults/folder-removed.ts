import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openHome } from '../../src/client/home.ts';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { handleWasRight, struckRun } from '../storage.ts';

/** The folder that the flow works in is removed while the run goes on: processes for its tasks are then started in none. */
export const folderRemoved: Fault = {
  name: 'folder-removed',
  title: 'The working folder of the flow removed during a run',
  times: { full: 20, bounded: 1 },
  async strike(injection) {
    const cwd = join(injection.folder, 'work');
    mkdirSync(cwd);
    let removedAt = Infinity;
    const struck = await struckRun(injection, {
      cwd,
      strike: () => {
        rmSync(cwd, { recursive: true });
        removedAt = Date.now();
      },
    });
    if (struck.refusal !== undefined) injection.checkNames(struck.refusal, /cwd|ENOENT|no such folder/);
    else injection.check('the run succeeds', struck.handle?.status !== 'successful' && struck.told);
    if (struck.handle !== undefined) {
      await using home = await openHome(injection.home);
      const tasks = await Array.fromAsync((await home.run(struck.handle.pathspec)).tasks());
      const later = tasks.filter(({ createdAt }) => Number(createdAt) > removedAt);
      if (later.length === 0) injection.miss('no task began without it');
      else injection.count('tasks that began without it', later.length);
    }
    await handleWasRight(injection, struck);
    await aftermath(injection, { handle: struck.handle });
  },
};
