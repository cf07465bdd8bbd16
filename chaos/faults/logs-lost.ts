import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { handleWasRight, struckRun } from '../storage.ts';

/** The logs of the tasks, or one of them, are removed while the run goes on. */
export const logsLost: Fault = {
  name: 'logs-lost',
  title: 'The folder of the logs, or one log, removed during a run',
  times: { full: 40, bounded: 1 },
  async strike(injection) {
    const { random } = injection;
    const logs = join(injection.home, 'logs');
    const struck = await struckRun(injection, {
      strike: () => {
        const files = existsSync(logs)
          ? readdirSync(logs, { recursive: true, encoding: 'utf8' }).filter((name) => /std(out|err)$/.test(name))
          : [];
        if (files.length === 0) injection.miss('there was none');
        else if (injection.number % 2 === 0) rmSync(join(logs, random.pick(files)), { force: true });
        else rmSync(logs, { recursive: true, maxRetries: 20, retryDelay: 1 });
      },
    });
    if (struck.handle?.status !== 'successful')
      injection.checkNames(struck.told, /logs\/.*was removed|was removed .*logs\//s);
    await handleWasRight(injection, struck);
    await aftermath(injection);
  },
};
