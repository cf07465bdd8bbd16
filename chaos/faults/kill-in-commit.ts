import { existsSync, mkdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { parseStat } from '../../src/process/process-stat.ts';
import { databaseFile } from '../../src/store/home-folder.ts';
import { aftermath, deadRunsAreFailed } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { kill } from '../injection.ts';
import { uncommittedPages } from '../wal.ts';

const PARAMETERS = ['--heavy=40'] as const;
/** One task leaves so much for its commit. Others are of a few pages. */
const LARGE_COMMIT_PAGES = 600;

/**
 * The run process is killed while it writes a transaction. The write-ahead log of the database is watched, and with each of its
 * changes, from a random one on, the process is stopped: when the log then ends with pages of a transaction that lacks its last
 * one, it is killed there, half of the time only when there are many of them; else it goes on to the next change.
 */
export const killInCommit: Fault = {
  name: 'kill-in-commit',
  title: 'SIGKILL of the run process inside a commit',
  times: { full: 60, bounded: 2 },
  async strike(injection) {
    await injection.undisturbed(PARAMETERS);
    mkdirSync(injection.home, { mode: 0o700 });
    const log = `${databaseFile(injection.home)}-wal`;
    let changesToGo = injection.random.integer(0, 30);
    const atPages = injection.random.pick([1, injection.random.integer(1, LARGE_COMMIT_PAGES)]);
    const run = injection.startFlow(['run', ...PARAMETERS]);
    const watcher = watch(injection.home, (_, name) => {
      if (join(injection.home, name ?? '') !== log || changesToGo-- > 0) return;
      kill(run.pid, 'SIGSTOP');
      while (isGoing(run.pid));
      const pages = existsSync(log) ? uncommittedPages(log) : 0;
      if (pages < atPages) kill(run.pid, 'SIGCONT');
      else if (kill(run.pid, 'SIGKILL')) {
        injection.count(`inside a commit of which ${pages < 50 ? 'less' : 'more'} than 50 pages were written`);
        watcher.close();
      }
    });
    const { signalCode } = await run.ended;
    watcher.close();
    if (signalCode === null) injection.miss('no change was seen inside a commit');
    else await deadRunsAreFailed(injection, run.pid);
    await aftermath(injection, { parameters: PARAMETERS });
  },
};

/** Whether a process that was told to stop has not done so yet. */
function isGoing(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return parseStat(text)?.ended === false && !text.includes(') T ');
  } catch {
    return false; // it has ended
  }
}
