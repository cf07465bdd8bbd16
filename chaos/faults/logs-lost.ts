import { existsSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { basename, join } from 'node:path';
import { openHome } from '../../src/client/home.ts';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { LINES } from '../flows/talks.ts';
import type { Injection } from '../injection.ts';
import { handleWasRight, struckRun } from '../storage.ts';
import { untold } from '../tells.ts';

/** Which logs were struck, by the names of their files, `<task>.<attempt>.stdout`; how many bytes each had. */
type Struck = ReadonlyMap<string, number>;

/**
 * What a task writes between two looks at its log. When somebody cuts off less under a task that prints, what it prints next may
 * fill the place before it is looked at, and nobody can tell.
 */
const UNSEEN_BYTES = 64;

/** The logs of the tasks, or one of them, are removed, or one is cut off, while the run goes on. */
export const logsLost: Fault = {
  name: 'logs-lost',
  title: 'The folder of the logs, or one log, removed or cut off during a run',
  times: { full: 30, bounded: 1 },
  async strike(injection) {
    const { random } = injection;
    const logs = join(injection.home, 'logs');
    const written = (): readonly string[] => (existsSync(logs) ? writtenLogs(logs) : []);
    let struckLogs: Struck = new Map();
    const struck = await struckRun(injection, {
      flow: 'talks',
      after: () => written().length > 0,
      within: 0.6,
      strike: () => {
        const file = random.pick(written());
        const kind = random.pick(['folder', 'one', 'cut'] as const);
        struckLogs = new Map(
          (kind === 'folder' ? written() : [file]).map((one) => [basename(one), statSync(one).size]),
        );
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
    const struckBytes = struckLogs.get(`${task.id}.0.stdout`);
    const text = await task.stdout();
    if (text === expected) continue;
    const found = `${task.pathspec}: ${text.length} of ${expected.length} bytes are given out as all, ${JSON.stringify(text.slice(-300))}`;
    if (struckBytes === undefined) {
      injection.check('all other logs are whole', found);
      continue;
    }
    if (isToldOf(text, expected)) injection.count('logs that were said to be gone, or to be cut off');
    else if (isTold) injection.count('shortened logs of runs that told of it');
    else if (struckBytes < expected.length && expected.length - text.length <= UNSEEN_BYTES) {
      injection.count('cuts under a task that printed, of too little to be seen');
      continue;
    }
    injection.check('a log that was struck is whole, or it is told', !isTold && !isToldOf(text, expected) && found);
    const lines = await Array.fromAsync(task.logLines('stdout'), (line) => line.text);
    injection.check('its lines are its text', lines.map((line) => `${line}\n`).join('') !== text && lines.join('\n'));
  }
}

/** Whether the last line says that there was more, and how much of it is there. */
function isToldOf(text: string, expected: string): boolean {
  const start = text.indexOf('[raceway: ');
  const thereBytes = text.slice(0, start).trimEnd().length;
  const notice = text.slice(start);
  const gone = /^\[raceway: this log is gone: somebody removed or emptied it; it had (\d+) bytes\]\n$/.exec(notice);
  const cut = /^\[raceway: only (\d+) of the (\d+) bytes of this log are there: somebody cut it off\]\n$/.exec(notice);
  if (gone !== null) return thereBytes === 0 && Number(gone[1]) === expected.length;
  return cut !== null && Math.abs(Number(cut[1]) - thereBytes) <= 1 && Number(cut[2]) === expected.length;
}
