import { existsSync, renameSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { handleWasRight, struckRun } from '../storage.ts';

/** The home is renamed while the run goes on, and gets its name back a moment later or when the run has ended. */
export const homeMoved: Fault = {
  name: 'home-moved',
  title: 'The home moved during a run, and back',
  times: { full: 30, bounded: 2 },
  async strike(injection) {
    const elsewhere = `${injection.home}-elsewhere`;
    const isShort = injection.number % 2 === 0;
    const back = (): void => {
      if (!existsSync(elsewhere)) return;
      injection.check('no home is begun anew', existsSync(injection.home) && 'there is one');
      rmSync(injection.home, { recursive: true, force: true });
      renameSync(elsewhere, injection.home);
    };
    const struck = await struckRun(injection, {
      strike: async () => {
        renameSync(injection.home, elsewhere);
        if (!isShort) return;
        await setTimeout(injection.random.between(0, 60));
        back();
      },
    });
    back();
    if (injection.missed === undefined && struck.handle?.status !== 'successful') {
      injection.checkNames(struck.told, /removed|moved|no home at|is gone/);
    }
    await handleWasRight(injection, struck);
    await aftermath(injection);
  },
};
