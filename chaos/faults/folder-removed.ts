import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { handleWasRight, struckRun } from '../storage.ts';

/** The folder that the flow works in is removed while the run goes on. */
export const folderRemoved: Fault = {
  name: 'folder-removed',
  title: 'The working folder of the flow removed during a run',
  times: { full: 40, bounded: 1 },
  async strike(injection) {
    const cwd = join(injection.folder, 'work');
    mkdirSync(cwd);
    const struck = await struckRun(injection, { cwd, strike: () => rmSync(cwd, { recursive: true }) });
    if (struck.refusal !== undefined) injection.checkNames(struck.refusal, /cwd|ENOENT|no such folder/);
    else injection.check('the run succeeds', struck.handle?.status !== 'successful' && struck.told);
    await handleWasRight(injection, struck);
    await aftermath(injection);
  },
};
