import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill } from '../injection.ts';
import { until } from '../until.ts';

/**
 * The keeper of a detached run is killed, and nothing else but, half of the time, the script that started the run. The run goes
 * on; the script sees it to its end, or another one that attaches to it.
 */
export const killKeeper: Fault = {
  name: 'kill-keeper',
  title: 'SIGKILL of the keeper of a detached run, and in every other case of the script that started it',
  times: { full: 40, bounded: 2 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    const parent = injection.startParent({ options: { detached: true } });
    await until(() => heard(parent.stdout(), 'started') !== undefined, { pauseMs: 1 });
    await setTimeout(injection.random.between(0, 0.8) * wallMs);
    const [keeper] = injection.processes('keeper');
    if (keeper === undefined || !kill(keeper.pid, 'SIGKILL')) injection.miss('it had ended');
    const isLetGo = injection.random.next() < 0.5;
    if (isLetGo) kill(parent.pid, 'SIGKILL');
    let { stdout, stderr } = await parent.ended;
    if (isLetGo) {
      const program = join(import.meta.dirname, '..', 'programs', 'attaches.ts');
      const pathspec = heard(stdout, 'started')?.pathspec ?? '';
      ({ stdout, stderr } = await injection.start([process.execPath, program, injection.home, pathspec]).ended);
      injection.count('seen to its end by another script');
    } else injection.count('seen to its end by the script that started it');
    const handle = heard(stdout, 'ended');
    injection.check('the run is seen to its end', handle?.status !== 'successful' && `it said ${stdout} ${stderr}`);
    await aftermath(injection, { handle });
  },
};
