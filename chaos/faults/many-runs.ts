import { isDeepStrictEqual } from 'node:util';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';

/** One script starts many runs at once on one home. */
export const manyRuns: Fault = {
  name: 'many-runs',
  title: '200 runs at once on one home (bounded: 20)',
  times: { full: 2, bounded: 1 },
  atOnce: 1,
  async strike(injection) {
    const runs = injection.extent === 'full' ? 200 : 20;
    const parent = injection.startParent({
      flow: 'numbered',
      program: 'starts-many-runs',
      options: { maxWorkers: 1 },
      runs,
    });
    const { stdout, stderr } = await parent.ended;
    const isRight = stdout !== '' && isDeepStrictEqual(JSON.parse(stdout), { right: runs });
    injection.check('every run comes to its own result', !isRight && `${stdout.slice(0, 4000)} ${stderr.slice(-2000)}`);
    await aftermath(injection, { flow: 'Numbered', file: 'numbered' });
  },
};
