import { setTimeout } from 'node:timers/promises';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { kill } from '../injection.ts';

/** The script that made the Runner is killed: its runs end with it. */
export const killParent: Fault = {
  name: 'kill-parent',
  title: 'SIGKILL of the parent script at a random instant',
  times: { full: 200, bounded: 3 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    const parent = injection.startParent();
    await setTimeout(injection.random.between(0, 1.2) * wallMs);
    if (injection.processes('run').length > 0) injection.count('while a run went on');
    if (!kill(parent.pid, 'SIGKILL')) injection.miss('it had ended');
    await parent.ended;
    await aftermath(injection);
  },
};
