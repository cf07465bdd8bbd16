import { aftermath } from '../aftermath.ts';
import { type Fault, NotInjectable } from '../fault.ts';
import { heard } from '../heard.ts';
import { canRun } from '../can-run.ts';

/** What Node, its libraries and the kernel say when no descriptor is left. */
const CAUSE = /EMFILE|too many open files/i;

/**
 * The flow, or the script that has a Runner run it, may have so few files open that it fails sooner or later, or just not. It
 * comes to its end or says what was missing, and the resume without the limit completes.
 */
export const fewDescriptors: Fault = {
  name: 'few-descriptors',
  title: 'File descriptors exhausted (prlimit --nofile)',
  times: { full: 60, bounded: 3 },
  async strike(injection) {
    if (!(await canRun(['prlimit', '--nofile=64', 'true']))) throw new NotInjectable('there is no prlimit');
    const limit = injection.random.integer(18, 60);
    const prefix = ['prlimit', `--nofile=${limit}`];
    if (injection.random.next() < 0.5) {
      const { exitCode, signalCode, stderr } = await injection.startFlow(['run'], { prefix }).ended;
      injection.count(exitCode === 0 ? 'runs that had enough' : 'runs that had not');
      if (exitCode !== 0) injection.checkNames(`${signalCode ?? ''} ${stderr}`, CAUSE);
      await aftermath(injection);
      return;
    }
    const { exitCode, stdout, stderr } = await injection.startParent({ prefix }).ended;
    const [handle, refusal] = [heard(stdout, 'ended'), heard(stdout, 'refused')];
    injection.count(handle?.status === 'successful' ? 'scripts that had enough' : 'scripts that had not');
    if (refusal !== undefined) injection.checkNames(refusal.message, CAUSE);
    else if (handle === undefined) injection.checkNames(`${exitCode} ${stderr}`, CAUSE);
    else if (handle.status !== 'successful') injection.checkNames(handle.stderr, CAUSE);
    await aftermath(injection, { handle });
  },
};
