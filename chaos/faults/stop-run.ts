import { execFile } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openHome } from '../../src/client/home.ts';
import { databaseFile } from '../../src/store/home-folder.ts';
import { aftermath } from '../aftermath.ts';
import { type Fault, NotInjectable } from '../fault.ts';
import { kill, type Injection } from '../injection.ts';
import { until } from '../until.ts';

/** Programs that take this host for another machine. */
const ELSEWHERE = ['unshare', '--uts', 'sh', '-c', 'hostname another-machine && exec "$@"', 'sh'] as const;

/** A run on another machine is taken for lost when it has not been heard of for a minute. */
const LOST_AFTER_MS = 60_000;

/**
 * A run process is stopped, as when a laptop sleeps, for longer than its heartbeat may be missing. From its own machine it is
 * alive all the time. Another machine finds it lost after a minute, not before. Half of the time it is then left alone, and comes
 * to its end when it goes on; else the other machine resumes it, and it must stop when it finds out. When it was stopped inside a
 * commit, nobody can write to the home, and whoever tries is told why.
 *
 * In a full run half of the injections wait for the minute. The others, and all bounded ones, set back the time of its last
 * heartbeat in the database.
 */
export const stopRun: Fault = {
  name: 'stop-run',
  title: 'SIGSTOP of the run process for longer than its heartbeat, then SIGCONT',
  times: { full: 30, bounded: 2 },
  atOnce: 4,
  async strike(injection) {
    await promisify(execFile)(ELSEWHERE[0], [...ELSEWHERE.slice(1), 'true']).catch((error: unknown) => {
      throw new NotInjectable(`no host name of its own can be given to a process: ${String(error)}`);
    });
    const { wallMs } = await injection.undisturbed();
    const run = injection.startFlow(['run']);
    await until(() => injection.processes('worker').length > 0, { pauseMs: 1 });
    await setTimeout(injection.random.between(0, 0.6) * wallMs);
    kill(run.pid, 'SIGSTOP');
    const pathspec = await latest(injection);
    if (pathspec === undefined) {
      injection.miss('there was no run yet, or none any more');
      kill(run.pid, 'SIGCONT');
    } else await whileStopped(injection, { pid: run.pid, pathspec });
    const { exitCode, stderr } = await run.ended;
    if (injection.counts.has('resumed elsewhere meanwhile')) {
      injection.check('a run that was superseded stops', exitCode !== 1 && `it ended with ${exitCode}`);
      injection.checkNames(stderr, /was recorded as ended, or removed, while its run process was away/);
    } else injection.check('a run that was only stopped goes on', exitCode !== 0 && stderr);
    await aftermath(injection);
  },
};

async function whileStopped(injection: Injection, { pid, pathspec }: { pid: number; pathspec: string }): Promise<void> {
  const what = 'a stopped run is alive, from its own machine';
  injection.check(what, (await statusHere(injection, pathspec)) !== 'running' && 'at once');
  const soon = await statusElsewhere(injection, pathspec);
  injection.check('another machine waits a minute before it takes a run for lost', soon !== 'running' && soon);
  if (injection.extent === 'full' && injection.number % 4 < 2) {
    await setTimeout(LOST_AFTER_MS + 1500);
    injection.count('waited for a minute');
  } else if (!ageHeartbeat(injection, LOST_AFTER_MS + 1000)) {
    // It was stopped inside a commit: whoever wants to write has to wait for it, and readers do not.
    injection.miss('it was stopped as it held the database');
    injection.count('stopped inside a commit');
    kill(pid, 'SIGCONT');
    return;
  }
  injection.check(what, (await statusHere(injection, pathspec)) !== 'running' && 'after a minute');
  const late = await statusElsewhere(injection, pathspec);
  injection.check('another machine finds it lost after a minute', late !== 'failed lost' && late);
  const resumes = injection.random.next() < 0.5;
  if (!canWrite(injection)) {
    injection.count('stopped inside a commit');
    const { exitCode, stderr } = await resumeElsewhere(injection, pathspec);
    injection.check('nobody else writes while it is stopped inside a commit', exitCode === 0 && 'a resume did');
    injection.checkNames(stderr, /another process has locked it and does not go on/);
  } else if (resumes) {
    const { exitCode, stderr } = await resumeElsewhere(injection, pathspec);
    injection.check('another machine can resume it', exitCode !== 0 && stderr);
    injection.count('resumed elsewhere meanwhile');
  }
  kill(pid, 'SIGCONT');
}

function resumeElsewhere(injection: Injection, pathspec: string) {
  const id = pathspec.split('/')[1] ?? '';
  return injection.startFlow(['resume', `--origin-run-id=${id}`], { prefix: ELSEWHERE }).ended;
}

async function latest({ home }: Injection): Promise<string | undefined> {
  try {
    await using opened = await openHome(home);
    const run = await opened.flow('Struck').latestRun();
    return run?.status === 'running' ? run.pathspec : undefined;
  } catch {
    return undefined; // there is no home yet
  }
}

async function statusHere({ home }: Injection, pathspec: string): Promise<string> {
  await using opened = await openHome(home);
  return (await opened.run(pathspec)).status;
}

async function statusElsewhere(injection: Injection, pathspec: string): Promise<string> {
  const program = join(import.meta.dirname, '..', 'programs', 'tells-status.ts');
  const { stdout, stderr } = await injection.start([...ELSEWHERE, process.execPath, program, injection.home, pathspec])
    .ended;
  return stdout.trim() || stderr;
}

/** Sets back when the runs were last heard of; not when somebody holds the database. */
function ageHeartbeat({ home }: Injection, byMs: number): boolean {
  const database = new DatabaseSync(databaseFile(home), { timeout: 500 });
  try {
    database.prepare('UPDATE run SET heartbeat_at = heartbeat_at - ?').run(byMs);
    return true;
  } catch {
    return false;
  } finally {
    database.close();
  }
}

/** Whether the database can be written to: a process that was stopped inside a commit keeps it. */
function canWrite({ home }: Injection): boolean {
  const database = new DatabaseSync(databaseFile(home), { timeout: 500 });
  try {
    database.exec('BEGIN IMMEDIATE; ROLLBACK');
    return true;
  } catch {
    return false;
  } finally {
    database.close();
  }
}
