import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openHome } from '../../src/client/home.ts';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { handleWasRight, struckRun } from '../storage.ts';

const HOUR_MS = 3_600_000;

/**
 * The clock of Node, as all processes of the run see it, is set back or forward by a module that is loaded into them. That of
 * the machine, which files have their times from, is left alone.
 */
export const clockSet: Fault = {
  name: 'clock-set',
  title: 'The clock of Node (its Date, not that of the machine) set back or forward during a run',
  times: { full: 20, bounded: 1 },
  async strike(injection) {
    const { random } = injection;
    const clock = join(injection.folder, 'clock');
    const shiftMs = Math.round(random.between(0.001, 48) * HOUR_MS) * (random.next() < 0.7 ? -1 : 1);
    const module = join(import.meta.dirname, '..', 'programs', 'set-clock.mjs');
    const environment = { NODE_OPTIONS: `--import=${module}`, CHAOS_CLOCK: clock };
    const set = (ms: number): void => writeFileSync(clock, String(ms));
    const struck = await struckRun(injection, { environment, strike: () => set(shiftMs) });
    const seenBy = existsSync(`${clock}-seen`) ? readFileSync(`${clock}-seen`, 'utf8').split('\n') : [];
    if (!seenBy.includes(String(struck.pid))) injection.miss('the run process did not look at it any more');
    const afterMs = Date.now();
    injection.check('the run succeeds', struck.handle?.status !== 'successful' && struck.told);
    const { exitCode, stderr } = await injection.startFlow(['run'], { environment }).ended; // by the other clock
    injection.check('the run after it succeeds', exitCode !== 0 && stderr.slice(-2000));
    set(0);
    await handleWasRight(injection, struck);
    await using home = await openHome(injection.home);
    const runs = await Array.fromAsync(home.flow('Struck').runs());
    const [later, first] = runs;
    const laterMs = Number(later?.createdAt) - shiftMs;
    const isLater = laterMs >= afterMs - 1000 && laterMs <= Date.now() + 1000;
    injection.check('a run that began by the other clock has its times', !isLater && `${laterMs} and ${afterMs}`);
    const aheadMs = Number(first?.finishedAt) - Date.now();
    const isSeen = shiftMs < 0 || injection.missed !== undefined || Math.abs(aheadMs - shiftMs) < 600_000;
    injection.check('a run has the times of a clock that was set forward', !isSeen && `${aheadMs} and ${shiftMs}`);
    if (injection.missed === undefined) injection.count(shiftMs < 0 ? 'set back' : 'set forward');
    const ids = runs.map(({ id }) => BigInt(id));
    const isDescending = ids.every((id, index) => index === 0 || id < (ids[index - 1] ?? 0n));
    injection.check('ids go up with the runs', !isDescending && ids.join());
    for (const run of runs) {
      const what = 'nothing ends before it began';
      injection.check(what, !(Number(run.finishedAt) >= Number(run.createdAt)) && run.pathspec);
      const events = await Array.fromAsync(run.watch());
      const isOrdered = events.every(({ at }, index) => index === 0 || at >= (events[index - 1]?.at ?? at));
      injection.check('events are in the order of their times', !isOrdered && run.pathspec);
      for await (const task of run.tasks()) {
        injection.check(what, !(Number(task.finishedAt) >= Number(task.createdAt)) && task.pathspec);
        const durationMs = Number(task.finishedAt) - Number(task.createdAt);
        injection.check(
          'a task takes no longer than it takes',
          shiftMs < 0 && durationMs > 60_000 && `${durationMs} ms`,
        );
      }
    }
    await aftermath(injection);
  },
};
