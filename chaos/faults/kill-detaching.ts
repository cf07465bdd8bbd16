import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openHome } from '../../src/client/home.ts';
import { RacewayError } from '../../src/core/errors.ts';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill, type Injection } from '../injection.ts';
import { until } from '../until.ts';

/** The script that starts a detached run is killed, as it starts it or later. The run goes on, and another script can attach to it. */
export const killDetaching: Fault = {
  name: 'kill-detaching',
  title: 'SIGKILL of the script that started a detached run, at a random instant',
  times: { full: 40, bounded: 2 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    const parent = injection.startParent({ options: { detached: true } });
    await setTimeout(injection.random.between(0, 1) * wallMs);
    if (!kill(parent.pid, 'SIGKILL')) injection.miss('it had ended');
    await parent.ended;
    await until(async () => (await latest(injection)) !== undefined || injection.processes().length === 0);
    const run = await latest(injection);
    if (run === undefined) injection.count('before there was a process for the run');
    else {
      injection.count(run.finished ? 'when the run had ended' : 'while the run went on');
      const program = join(import.meta.dirname, '..', 'programs', 'attaches.ts');
      const { stdout, stderr } = await injection.start([process.execPath, program, injection.home, run.pathspec]).ended;
      const handle = heard(stdout, 'ended');
      const isSuccessful = handle?.status === 'successful' && stdout.includes('Done!');
      injection.check('another script sees the run to its end', !isSuccessful && `it said ${stdout} ${stderr}`);
    }
    await aftermath(injection);
  },
};

async function latest({ home }: Injection): Promise<{ pathspec: string; finished: boolean } | undefined> {
  try {
    await using opened = await openHome(home);
    return await opened.flow('Struck').latestRun();
  } catch (error) {
    if (error instanceof RacewayError) return undefined; // there is no home, or no run in it, yet
    throw error;
  }
}
