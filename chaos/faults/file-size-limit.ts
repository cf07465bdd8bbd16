import { aftermath } from '../aftermath.ts';
import { canRun } from '../can-run.ts';
import { type Fault, NotInjectable } from '../fault.ts';
import { handleWasRight, struckRun } from '../storage.ts';

const CAUSE = /EFBIG|file too large|disk is full|disk I\/O error/i;

/** No file may grow beyond some size: the database, its log, an artifact. Without the limit a resume completes. */
export const fileSizeLimit: Fault = {
  name: 'file-size-limit',
  title: 'A limit on the size of files (prlimit --fsize)',
  times: { full: 30, bounded: 1 },
  async strike(injection) {
    if (!canRun(['prlimit', '--fsize=1000000', 'true'])) throw new NotInjectable('there is no prlimit');
    const limit = Math.round(20_000 * 250 ** injection.random.next());
    const struck = await struckRun(injection, { prefix: ['prlimit', `--fsize=${limit}`] });
    if (struck.handle?.status === 'successful') injection.miss('there was room enough');
    else injection.checkNames(struck.told, CAUSE);
    await handleWasRight(injection, struck);
    await aftermath(injection);
  },
};
