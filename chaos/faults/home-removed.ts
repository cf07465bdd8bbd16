import { existsSync, readdirSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { databaseFile } from '../../src/store/home-folder.ts';
import { claimsAreTrue, nothingIsLeft, recordsAreWhole } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import type { Injection } from '../injection.ts';
import { newRunCompletes, struckRun } from '../storage.ts';
import { untold } from '../tells.ts';

const CAUSE =
  /(?:the|something in the) home .* was removed (?:or moved )?while it was in use|there is no home at |cannot (?:open|use|write to) the database .*: it, or the folder it is in, cannot be read/;

/**
 * The home is removed while the run goes on. Its data are lost, which is said, and there is nothing to resume. In the same
 * place the flow can then be run anew.
 */
export const homeRemoved: Fault = {
  name: 'home-removed',
  title: 'The home removed during a run',
  times: { full: 30, bounded: 2 },
  async strike(injection) {
    const struck = await struckRun(injection, {
      strike: () => {
        using witness = new DatabaseSync(databaseFile(injection.home), { timeout: 5000 });
        const hasSucceeded = witness.prepare(`SELECT 1 FROM run WHERE status = 'successful'`);
        hasSucceeded.get(); // so that it can be asked when the files have lost their names
        // What the run makes in a folder that is being emptied stays with the folder.
        while (existsSync(injection.home))
          rmSync(injection.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 1 });
        if (hasSucceeded.get() !== undefined) injection.miss('the run had recorded its end');
      },
    });
    if (injection.missed === undefined) {
      const { handle } = struck;
      injection.check(
        'a run without a home does not succeed',
        handle?.status === 'successful' && JSON.stringify(handle),
      );
      const told = handle?.reason?.kind === 'unread' ? handle.reason.message : struck.told;
      injection.check('errors name their cause, and what to do', untold(told, CAUSE));
      injection.check(
        'no home is begun anew',
        existsSync(injection.home) && readdirSync(injection.home, { recursive: true }).join(),
      );
      await resumeIsRefused(injection, handle?.pathspec);
    }
    await nothingIsLeft(injection);
    rmSync(injection.home, { recursive: true, force: true });
    await newRunCompletes(injection, 'a new run in an emptied home completes');
    await recordsAreWhole(injection);
    await claimsAreTrue(injection);
  },
};

/** There is nothing to resume, and that is said. */
async function resumeIsRefused(injection: Injection, pathspec: string | undefined): Promise<void> {
  const origin = pathspec === undefined ? [] : [`--origin-run-id=${pathspec.split('/')[1]}`];
  const { exitCode, stderr } = await injection.startFlow(['resume', ...origin]).ended;
  injection.check('a resume is refused', exitCode === 0 && stderr);
  injection.check('what is gone is told, and what to do', untold(stderr, /there is no home at /));
  injection.check(
    'a resume makes no home',
    existsSync(injection.home) && readdirSync(injection.home, { recursive: true }).join(),
  );
  injection.count('refused with the reason, and not resumed');
}
