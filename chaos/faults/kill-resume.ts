import { setTimeout } from 'node:timers/promises';
import { aftermath, deadRunsAreFailed } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { kill } from '../injection.ts';
import { until } from '../until.ts';

/** A run is killed, its resume too, and the resume of that again. */
export const killResume: Fault = {
  name: 'kill-resume',
  title: 'SIGKILL of a run, of its resume, and of the resume of that',
  times: { full: 40, bounded: 1 },
  async strike(injection) {
    const { wallMs } = await injection.undisturbed();
    for (const command of ['run', 'resume', 'resume']) {
      const startMs = performance.now();
      const run = injection.startFlow([command]);
      let isOver = false;
      void run.ended.then(() => (isOver = true));
      await until(() => isOver || injection.processes('worker').length > 0, { pauseMs: 1 });
      const atMs = injection.random.between(0.1, 0.7) * wallMs;
      await setTimeout(Math.max(0, startMs + atMs - performance.now()));
      kill(run.pid, 'SIGKILL');
      const { exitCode, signalCode, stderr } = await run.ended;
      if (signalCode !== null) {
        injection.count(`a ${command} was killed`);
        await deadRunsAreFailed(injection, run.pid);
      } else if (exitCode === 0) {
        injection.count(`a ${command} had ended`);
        if (command === 'run') injection.miss('it had ended');
        break;
      } else {
        // The run was killed before it was there.
        injection.checkNames(stderr, /there is no (run of Struck by .* to resume|home)/);
      }
    }
    await injection.gone();
    await aftermath(injection);
  },
};
