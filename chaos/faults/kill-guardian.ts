import { setTimeout } from 'node:timers/promises';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill, STAYS } from '../injection.ts';
import { until } from '../until.ts';

/**
 * The guardian of the parent or of the run process is killed. Half of the time nothing else happens, and the run must not even
 * notice; else its owner is killed when it has had the time to make another, which must end a run that would go on for ten
 * minutes.
 */
export const killGuardian: Fault = {
  name: 'kill-guardian',
  title: 'SIGKILL of a guardian, and in every other case of its owner after it',
  times: { full: 80, bounded: 2 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    const owns = injection.random.next() < 0.5;
    const parent = injection.startParent({ environment: owns ? STAYS : {} });
    await until(() => injection.processes('guardian').length > 0, { pauseMs: 1 });
    await setTimeout(injection.random.between(0, 0.9) * wallMs);
    const guardians = injection.processes('guardian');
    const guardian = guardians.length === 0 ? undefined : injection.random.pick(guardians);
    const isStruck = guardian !== undefined && kill(guardian.pid, 'SIGKILL');
    if (!isStruck) injection.miss('there was none');
    if (owns && guardian === undefined) kill(parent.pid, 'SIGKILL');
    else if (owns && guardian !== undefined) {
      const owner = guardian.parentPid;
      const isReplaced = () =>
        injection.processes('guardian').some(({ pid, parentPid }) => parentPid === owner && pid !== guardian.pid);
      const isOver = () => !injection.processes().some(({ pid }) => pid === owner);
      injection.check('a guardian is replaced', !(await until(() => isReplaced() || isOver())) && 'it was not');
      if (kill(owner, 'SIGKILL'))
        injection.count(`its owner too, the ${owner === parent.pid ? 'parent' : 'run process'}`);
    }
    const { stdout } = await parent.ended;
    await aftermath(injection, { handle: heard(stdout, 'ended') });
  },
};
