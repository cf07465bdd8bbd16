import { chownSync } from 'node:fs';
import { aftermath } from '../aftermath.ts';
import { canRun } from '../can-run.ts';
import { type Fault, NotInjectable } from '../fault.ts';
import { heard } from '../heard.ts';

/** What Node, the shell and the kernel say when no process or thread can be made. */
const CAUSE =
  /EAGAIN|resource temporarily unavailable|cannot fork|pthread_create|uv_thread_create|had not loaded the flow after/i;

/** A user who owns nothing else, so that the limit counts what belongs to one injection. */
const FIRST_USER = 200_000;

/**
 * The least and the most that an injection may have. With Node 24 a flow needs 13 without a Runner, or 16 with a process for every
 * task, and 21 and 24 with one. Next to these, and at 11, workers hang rather than fail; below 9 Node itself crashes in the script
 * that has a Runner.
 */
const FAILING = { commandLine: [5, 9], parent: [12, 15] } as const;

/** The same with threads of V8, of which each process makes some more. */
const HANGING = { commandLine: [8, 18], parent: [9, 20] } as const;

/**
 * The flow, or the script that has a Runner run it, may have so few processes and threads that it fails sooner or later, or just
 * not. The limit does not hold for root, so another user runs it.
 *
 * Node waits for ever when it begins and gets some of the threads of V8, but not all. So it is told to make none of them, but for
 * a few injections of a full run, in which workers hang and are to be given up after a minute.
 */
export const fewProcesses: Fault = {
  name: 'few-processes',
  title: 'Processes and threads exhausted (prlimit --nproc, as another user)',
  times: { full: 30, bounded: 2 },
  async strike(injection) {
    const user = FIRST_USER + (process.pid % 10_000) * 100 + (injection.number % 100);
    const asUser = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
    if (!canRun([...asUser, 'prlimit', '--nproc=50', process.execPath, '--version'])) {
      throw new NotInjectable('this user cannot start a process as another (setpriv), or prlimit is missing');
    }
    for (const folder of [injection.folder, injection.temporary]) chownSync(folder, user, user);
    const isFull = injection.extent === 'full';
    const mayHang = isFull && injection.number % 20 === 0;
    const byCommandLine = injection.random.next() < 0.5;
    // Bounded ones have no time for that minute: Node itself may just begin, and start nothing.
    const [least, most] = isFull ? (mayHang ? HANGING : FAILING)[byCommandLine ? 'commandLine' : 'parent'] : [3, 4];
    const limit = injection.random.integer(least, most);
    const prefix = [...asUser, 'prlimit', `--nproc=${limit}`];
    const environment = {
      HOME: injection.folder,
      USER: 'chaos',
      NODE_OPTIONS: mayHang ? '' : '--v8-pool-size=0',
    };
    if (mayHang) injection.count('with threads of V8');
    if (byCommandLine) {
      injection.count('by its command line');
      const { exitCode, signalCode, stdout, stderr } = await injection.startFlow(['run'], { prefix, environment })
        .ended;
      if (exitCode === 0) injection.miss('there was enough');
      else injection.checkTells({ signalCode, stderr, isAlive: stdout !== '' }, CAUSE);
      await aftermath(injection);
      return;
    }
    const { signalCode, stdout, stderr } = await injection.startParent({ prefix, environment }).ended;
    const [handle, refusal] = [heard(stdout, 'ended'), heard(stdout, 'refused')];
    if (handle?.status === 'successful') injection.miss('there was enough');
    if (refusal !== undefined) injection.checkNames(refusal.message, CAUSE);
    else if (handle === undefined) injection.checkTells({ signalCode, stderr, isAlive: stdout !== '' }, CAUSE);
    else if (handle.status !== 'successful') injection.checkTells({ ...handle, isAlive: true }, CAUSE);
    await aftermath(injection, { handle });
  },
};
