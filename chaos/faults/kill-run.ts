import { setTimeout } from 'node:timers/promises';
import { aftermath, deadRunsAreFailed } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill, STAYS } from '../injection.ts';
import { until } from '../until.ts';

/**
 * The run process is killed, every third one a detached one, and half of them such as would go on for ten minutes with what they
 * started. Whoever looks at the run in the next moment must find it failed.
 */
export const killRun: Fault = {
  name: 'kill-run',
  title: 'SIGKILL of the run process at a random instant',
  times: { full: 120, bounded: 3 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    const isDetached = injection.number % 3 === 0;
    const environment = injection.random.next() < 0.5 ? STAYS : {};
    const parent = injection.startParent({ environment, options: isDetached ? { detached: true } : {} });
    await until(() => injection.processes('run').length > 0, { pauseMs: 1 });
    await setTimeout(injection.random.between(0, 0.9) * wallMs);
    const [run] = injection.processes('run');
    if (run === undefined || !kill(run.pid, 'SIGKILL')) injection.miss('it had ended');
    else await deadRunsAreFailed(injection, run.pid);
    const { stdout, stderr } = await parent.ended;
    const [handle, refusal] = [heard(stdout, 'ended'), heard(stdout, 'refused')];
    injection.check(
      'the parent lives to see the end',
      handle === undefined && refusal === undefined && `it said ${stdout} ${stderr}`,
    );
    if (refusal !== undefined) {
      injection.count('before there was a run');
      injection.checkNames(refusal.message, /SIGKILL/);
    }
    if (handle !== undefined && injection.missed === undefined) {
      const { status, reason } = handle;
      const kinds: readonly unknown[] = ['signal', 'lost'].slice(0, isDetached ? 2 : 1); // nobody may know of a detached one
      const isTrue = status === 'successful' || (status === 'failed' && kinds.includes(reason?.kind));
      injection.check('the handle says by which signal it ended', !isTrue && JSON.stringify(handle));
      injection.count(`runs that were ${status}`);
    }
    await aftermath(injection, { handle });
  },
};
