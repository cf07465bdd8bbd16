import { setTimeout } from 'node:timers/promises';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill } from '../injection.ts';
import { until } from '../until.ts';

/** A worker is killed, as the system does when memory runs out. A retry may bring the run to its end all the same. */
export const killWorker: Fault = {
  name: 'kill-worker',
  title: 'SIGKILL of a worker at a random instant',
  times: { full: 200, bounded: 4 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    const parent = injection.startParent();
    await until(() => injection.processes('worker').length > 0, { pauseMs: 1 });
    await setTimeout(injection.random.between(0, 0.9) * wallMs);
    const workers = injection.processes('worker');
    const worker = workers.length === 0 ? undefined : injection.random.pick(workers);
    if (worker === undefined || !kill(worker.pid, 'SIGKILL')) injection.miss('there was no worker');
    const { stdout, stderr } = await parent.ended;
    const handle = heard(stdout, 'ended');
    injection.check('the parent lives to see the end', handle === undefined && `it said ${stdout} ${stderr}`);
    if (handle?.status === 'failed' && handle.reason?.kind === 'task') {
      injection.checkNames(handle.reason.message, /SIGKILL/);
      injection.checkNames(handle.stderr, /SIGKILL/);
    }
    injection.count(`runs that were ${handle?.status}`);
    await aftermath(injection, { handle });
  },
};
