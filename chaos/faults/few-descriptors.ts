import { aftermath } from '../aftermath.ts';
import { type Fault, NotInjectable } from '../fault.ts';
import { heard } from '../heard.ts';
import { canRun } from '../can-run.ts';

/** What Node, its libraries and the kernel say when no descriptor is left. */
const CAUSE = /EMFILE|too many open files/i;

/** With fewer, Node itself crashes before it has read any script. */
const FEWEST = 22;

/**
 * The flow, or the script that has a Runner run it, detached or not, and kills it or not, may have so few files open that it fails sooner or later, or just not. It
 * comes to its end or says what was missing, and the resume without the limit completes.
 */
export const fewDescriptors: Fault = {
  name: 'few-descriptors',
  title: 'File descriptors exhausted (prlimit --nofile)',
  times: { full: 40, bounded: 3 },
  async strike(injection) {
    if (!canRun(['prlimit', '--nofile=64', 'true'])) throw new NotInjectable('there is no prlimit');
    const limit = injection.random.integer(FEWEST, 50);
    const prefix = ['prlimit', `--nofile=${limit}`];
    if (injection.random.next() < 0.5) {
      injection.count('by its command line');
      const { exitCode, signalCode, stdout, stderr } = await injection.startFlow(['run'], { prefix }).ended;
      if (exitCode === 0) injection.miss('there was enough');
      else injection.checkTells({ signalCode, stderr, isAlive: stdout !== '' }, CAUSE);
      await aftermath(injection);
      return;
    }
    const [detached, kills] = [injection.random.next() < 0.5, injection.random.next() < 0.5];
    injection.count(`${detached ? 'detached' : 'owned'} runs${kills ? ' to be killed' : ''}`);
    const { signalCode, stdout, stderr } = await injection.startParent({ prefix, kills, options: { detached } }).ended;
    const [handle, refusal] = [heard(stdout, 'ended'), heard(stdout, 'refused')];
    if (handle?.status === 'successful') injection.miss('there was enough');
    if (refusal !== undefined) injection.checkNames(refusal.message, CAUSE);
    else if (handle === undefined) injection.checkTells({ signalCode, stderr, isAlive: stdout !== '' }, CAUSE);
    else if (kills && handle.status !== 'successful' && handle.reason?.kind === 'killed')
      injection.count('runs that were killed');
    else if (handle.status !== 'successful') injection.checkTells({ ...handle, isAlive: true }, CAUSE);
    await aftermath(injection, { handle });
  },
};
