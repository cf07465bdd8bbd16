import { setTimeout } from 'node:timers/promises';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { kill, STAYS } from '../injection.ts';

/** The script that made the Runner is killed: its run, which would go on for ten minutes, ends with it. */
export const killParent: Fault = {
  name: 'kill-parent',
  title: 'SIGKILL of the parent script at a random instant',
  times: { full: 120, bounded: 3 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    const parent = injection.startParent({ environment: STAYS });
    await setTimeout(injection.random.between(0.2, 1.7) * wallMs);
    const roles = new Set(injection.processes().map(({ role }) => role));
    if (!roles.has('run')) injection.miss('there was no run process yet');
    injection.count(roles.has('worker') ? 'while workers were there' : 'while there was no worker');
    kill(parent.pid, 'SIGKILL');
    await parent.ended;
    await aftermath(injection);
  },
};
