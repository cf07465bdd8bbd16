import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { databaseFile } from '../../src/store/home-folder.ts';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill, type Injection } from '../injection.ts';
import { until } from '../until.ts';

/**
 * A worker is killed, as the system does when memory runs out: three times of four one that is at a task, else any, such as one
 * that is just starting. A retry may bring the run to its end all the same.
 */
export const killWorker: Fault = {
  name: 'kill-worker',
  title: 'SIGKILL of a worker at a random instant',
  times: { full: 120, bounded: 3 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    const parent = injection.startParent();
    let isOver = false;
    void parent.ended.then(() => (isOver = true));
    await until(() => isOver || injection.processes('worker').length > 0, { pauseMs: 1 });
    await setTimeout(injection.random.between(0, 0.8) * wallMs);
    const isAtTask = injection.random.next() < 0.75;
    const workers = (): readonly number[] =>
      isAtTask ? busyWorkers(injection) : injection.processes('worker').map(({ pid }) => pid);
    let isStruck = false;
    await until(
      () => {
        const pids = workers();
        isStruck = pids.length > 0 && kill(injection.random.pick(pids), 'SIGKILL');
        return isStruck || isOver;
      },
      { pauseMs: 1 },
    );
    if (!isStruck) injection.miss('the run had ended');
    const { stdout, stderr } = await parent.ended;
    const handle = heard(stdout, 'ended');
    injection.check('the parent lives to see the end', handle === undefined && `it said ${stdout} ${stderr}`);
    if (handle?.status === 'failed' && handle.reason?.kind === 'task') {
      injection.checkNames(handle.reason.message, /SIGKILL/);
      injection.checkNames(handle.stderr, /SIGKILL/);
    }
    if (isStruck) injection.count(`of runs that were ${handle?.status} in the end`);
    await aftermath(injection, { handle });
  },
};

/** The processes that the run has given tasks to which have not ended. */
function busyWorkers({ home }: Injection): readonly number[] {
  if (!existsSync(databaseFile(home))) return [];
  const database = new DatabaseSync(databaseFile(home), { readOnly: true, timeout: 10_000 });
  try {
    const rows = database.prepare(`SELECT pid FROM attempt WHERE status = 'running' AND pid > 0`).all();
    return rows.map(({ pid }) => Number(pid));
  } finally {
    database.close();
  }
}
