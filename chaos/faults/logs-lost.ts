import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openHome } from '../../src/client/home.ts';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { LINES } from '../flows/talks.ts';
import type { Injection } from '../injection.ts';
import { handleWasRight, struckRun } from '../storage.ts';
import { untold } from '../tells.ts';

/** Which logs were struck: names of files, `<task>.<attempt>.stdout`. */
type Struck = ReadonlySet<string>;

/** The logs of the tasks, or one of them, are removed, or one is cut off, while the run goes on. */
export const logsLost: Fault = {
  name: 'logs-lost',
  title: 'The folder of the logs, or one log, removed or cut off during a run',
  times: { full: 40, bounded: 1 },
  async strike(injection) {
    const { random } = injection;
    const logs = join(injection.home, 'logs');
    const written = (): readonly string[] => (existsSync(logs) ? writtenLogs(logs) : []);
    let struckLogs: Struck = new Set();
    const struck = await struckRun(injection, {
      flow: 'talks',
      after: () => written().length > 0,
      within: 0.6,
      strike: () => {
        const file = random.pick(written());
        const kind = random.pick(['folder', 'one', 'cut'] as const);
        struckLogs = new Set((kind === 'folder' ? written() : [file]).map((one) => basename(one)));
        if (kind === 'one') rmSync(file);
        else if (kind === 'cut') truncateSync(file, Math.floor(random.next() * statSync(file).size));
        else rmSync(logs, { recursive: true, maxRetries: 20, retryDelay: 1 });
        injection.count({ folder: 'all removed', one: 'one removed', cut: 'one cut off' }[kind]);
      },
    });
    const isTold = struck.handle?.status !== 'successful';
    if (isTold) {
      const words = /something in the home .* was removed while it was in use .*logs\//;
      injection.check('errors name their cause, and what to do', untold(struck.told, words));
    }
    await logsAreWholeOrTold(injection, { pathspec: struck.handle?.pathspec ?? '', struckLogs, isTold });
    await handleWasRight(injection, struck);
    await aftermath(injection, { flow: 'Talks', file: 'talks', handle: struck.handle });
  },
};

function writtenLogs(logs: string): readonly string[] {
  return readdirSync(logs, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.stdout'))
    .map((name) => join(logs, name))
    .filter((file) => (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0);
}

/** What the client gives out as the output of a task is its output, unless the run said that its logs are gone, or the client does. */
async function logsAreWholeOrTold(
  injection: Injection,
  { pathspec, struckLogs, isTold }: { pathspec: string; struckLogs: Struck; isTold: boolean },
): Promise<void> {
  await using home = await openHome(injection.home);
  for await (const task of (await home.run(pathspec)).tasks()) {
    if (task.stepName !== 'talk' || !task.successful) continue; // nobody knows how far others came
    const number = Number(task.index);
    const expected = Array.from({ length: LINES }, (_, line) => `talker ${number} line ${line}\n`).join('');
    const isStruck = struckLogs.has(`${task.id}.0.stdout`);
    try {
      const text = await task.stdout();
      if (text === expected) continue;
      const what = isStruck ? 'a log that was struck is whole, or it is told' : 'all other logs are whole';
      const found = `${task.pathspec}: ${text.length} of ${expected.length} bytes are given out as all, ${JSON.stringify(text.slice(0, 200))}`;
      if (isTold) injection.count('shortened logs of runs that told of it');
      injection.check(what, !isTold && found);
    } catch (error) {
      injection.count('logs that were said to be gone');
      injection.check('a log is refused only when it was struck', !isStruck && String(error));
    }
  }
}
