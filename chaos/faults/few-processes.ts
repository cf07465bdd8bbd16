import { chownSync } from 'node:fs';
import { aftermath } from '../aftermath.ts';
import { canRun } from '../can-run.ts';
import { type Fault, NotInjectable } from '../fault.ts';
import { heard } from '../heard.ts';

/** What Node, the shell and the kernel say when no process or thread can be made. */
const CAUSE =
  /EAGAIN|resource temporarily unavailable|cannot fork|pthread_create|uv_thread_create|SIGABRT|SIGTRAP|SIGSEGV/i;

/** A user who owns nothing else, so that the limit counts what belongs to one injection. */
const FIRST_USER = 200_000;

/**
 * The flow, or the script that has a Runner run it, may have so few processes and threads that it fails sooner or later, or just
 * not. The limit does not hold for root, so another user runs it.
 */
export const fewProcesses: Fault = {
  name: 'few-processes',
  title: 'Processes and threads exhausted (prlimit --nproc, as another user)',
  times: { full: 60, bounded: 3 },
  async strike(injection) {
    const user = FIRST_USER + (process.pid % 10_000) * 100 + (injection.number % 100);
    const asUser = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
    if (!(await canRun([...asUser, 'prlimit', '--nproc=50', process.execPath, '--version']))) {
      throw new NotInjectable('this user cannot start a process as another (setpriv), or prlimit is missing');
    }
    for (const folder of [injection.folder, injection.temporary]) chownSync(folder, user, user);
    const limit = injection.random.integer(8, 60);
    const prefix = [...asUser, 'prlimit', `--nproc=${limit}`];
    const environment = { HOME: injection.folder, USER: 'chaos' };
    if (injection.random.next() < 0.5) {
      const { exitCode, signalCode, stderr } = await injection.startFlow(['run'], { prefix, environment }).ended;
      injection.count(exitCode === 0 ? 'runs that had enough' : 'runs that had not');
      if (exitCode !== 0) injection.checkNames(`${signalCode ?? ''} ${stderr}`, CAUSE);
      await aftermath(injection);
      return;
    }
    const { signalCode, stdout, stderr } = await injection.startParent({ prefix, environment }).ended;
    const [handle, refusal] = [heard(stdout, 'ended'), heard(stdout, 'refused')];
    injection.count(handle?.status === 'successful' ? 'scripts that had enough' : 'scripts that had not');
    if (refusal !== undefined) injection.checkNames(refusal.message, CAUSE);
    else if (handle === undefined) injection.checkNames(`${signalCode ?? ''} ${stderr}`, CAUSE);
    else if (handle.status !== 'successful') injection.checkNames(`${handle.signalCode} ${handle.stderr}`, CAUSE);
    await aftermath(injection, { handle });
  },
};
