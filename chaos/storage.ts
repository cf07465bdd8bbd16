import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { checkHome } from '../src/client/check-home.ts';
import { openHome } from '../src/client/home.ts';
import { databaseFile } from '../src/store/home-folder.ts';
import { nothingIsLeft, resumeCompletes } from './aftermath.ts';
import { type Heard, heard } from './heard.ts';
import type { FlowStart, Injection, ParentOrder } from './injection.ts';
import { until } from './until.ts';

/** What a script said of the run that was struck. */
export interface StruckRun {
  /** What the handle said when the run had ended. */
  readonly handle: Extract<Heard, { event: 'ended' }> | undefined;
  /** Why there was no run, or no answer. */
  readonly refusal: string | undefined;
  /** Whatever was said of a cause. */
  readonly told: string;
}

/** A run that takes longer than this to end hangs. */
const HANGS_MS = 90_000;

/**
 * Has a script run the flow, does something to what it stands on at a random instant after the run was begun, and waits for
 * the end. Checks that there is one, and that the script lives to tell.
 *
 * @param options.strike what is to happen; it is undone by whoever calls
 * @param options.after what must have come about before. @default there is a database
 * @param options.within how long after that, at most, as a part of the time that an undisturbed run takes. @default 0.6
 */
export async function struckRun(
  injection: Injection,
  {
    strike,
    after = () => existsSync(databaseFile(injection.home)),
    within = 0.6, // the rest of the time Node took to start
    ...start
  }: {
    strike?: () => void | Promise<void>;
    after?: () => boolean;
    within?: number;
  } & FlowStart &
    Pick<ParentOrder, 'cwd' | 'parameters'>,
): Promise<StruckRun> {
  const { wallMs } = await injection.undisturbed();
  const parent = injection.startParent(start);
  if (strike !== undefined) {
    await until(after, { pauseMs: 1, limitMs: 20_000 });
    await setTimeout(injection.random.between(0, within) * wallMs);
    if (heard(parent.stdout(), 'ended') !== undefined) injection.miss('the run had ended');
    await strike();
  }
  const ended = await Promise.race([parent.ended, setTimeout(HANGS_MS, undefined, { ref: false })]);
  injection.check('the run ends', ended === undefined && `not within ${HANGS_MS} ms: ${parent.stdout()}`);
  const { stdout, stderr } = ended ?? { stdout: parent.stdout(), stderr: parent.stderr() };
  const [handle, refusal] = [heard(stdout, 'ended'), heard(stdout, 'refused')?.message];
  injection.check(
    'the handle settles',
    ended !== undefined && handle === undefined && refusal === undefined && `the script said ${stdout} ${stderr}`,
  );
  const told = [refusal, handle?.stderr, handle?.reason && JSON.stringify(handle.reason)].filter(Boolean).join('\n');
  injection.count(`runs that were ${handle?.status ?? 'refused'}`);
  return { handle, refusal, told };
}

/**
 * What the handle said is true of what is in the home, now that it can be written to again: a run that succeeded is recorded as
 * successful, one that failed is not. A run that could not record its end is found lost.
 */
export async function handleWasRight(injection: Injection, { handle }: Pick<StruckRun, 'handle'>): Promise<void> {
  if (handle === undefined || !existsSync(databaseFile(injection.home))) return;
  await using home = await openHome(injection.home);
  const run = await home.run(handle.pathspec);
  const isTrue = handle.status === run.status;
  injection.check(
    'the handle was right',
    !isTrue && JSON.stringify({ said: handle.status, is: run.status, reason: run.reason }),
  );
  injection.check(
    'the exit status was right',
    (handle.exitCode === 0) !== run.successful && `${handle.exitCode} of a run that is ${run.status}: ${handle.stderr}`,
  );
}

/** What a home says that was damaged. */
const DAMAGE =
  /malformed|damaged|not a database|disk I\/O error|is empty|is gone|SQL logic error|no home at|newer raceway|no run |no flow |no artifact |the artifact |no such table|database schema|constraint failed/i;

/**
 * After something was damaged for good: whatever the client gives out as the result of a run is the result, or reading it
 * fails; a resume completes with the right result, or says what is damaged; and in a new home the flow runs.
 */
export async function damageIsTold(
  injection: Injection,
  { handle, told }: StruckRun,
  { cause = DAMAGE }: { cause?: RegExp } = {},
): Promise<void> {
  await nothingIsLeft(injection);
  await doctorChangesNothing(injection);
  if (handle?.status !== 'successful') injection.checkNames(told, cause);
  if (handle !== undefined) await resultIsRightOrRefused(injection, handle);
  const args = ['resume', ...(handle === undefined ? [] : [`--origin-run-id=${handle.pathspec.split('/')[1]}`])];
  const resumed = injection.startFlow(handle?.status === 'successful' ? ['run'] : args);
  const ended = await Promise.race([resumed.ended, setTimeout(HANGS_MS, undefined, { ref: false })]);
  injection.check('what follows ends', ended === undefined && `not within ${HANGS_MS} ms: ${resumed.stderr()}`);
  if (ended?.exitCode === 0) {
    injection.count('completed in spite of it');
    await resultIsRightOrRefused(injection);
  } else if (ended !== undefined) {
    injection.count('refused with the reason');
    injection.check(
      'damage is told',
      !DAMAGE.test(ended.stderr) && `${ended.exitCode ?? ended.signalCode}: ${ended.stderr.slice(-3000)}`,
    );
    injection.check('what to do is told', !/Error: .*\n.*\S/.test(ended.stderr) && ended.stderr.slice(-1000));
  }
  await nothingIsLeft(injection);
  await doctorMends(injection);
  for (const name of readdirSync(injection.home)) rmSync(join(injection.home, name), { recursive: true });
  await resumeCompletes(injection);
}

/** A look at the home leaves every byte of it as it was. */
async function doctorChangesNothing(injection: Injection): Promise<void> {
  const before = bytesOf(injection.home);
  const found = await Array.fromAsync(checkHome(injection.home));
  if (found.some(({ kind }) => kind === 'database')) injection.count('found damaged by doctor');
  const after = bytesOf(injection.home);
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  injection.check('doctor changes nothing', changed.length > 0 && changed.join(', '));
}

/** What doctor finds and can mend is mended: there is nothing wrong with the database any more. */
async function doctorMends(injection: Injection): Promise<void> {
  for await (const { mend } of checkHome(injection.home)) await mend?.();
  const left = (await Array.fromAsync(checkHome(injection.home))).filter(({ kind }) => kind === 'database');
  injection.check('doctor mends the database', left.length > 0 && left.map(({ what }) => what).join('; '));
}

/** By path, a hash of every file. */
function bytesOf(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(paths.map((path) => [path, hash('sha256', readFileSync(path))]));
}

/** @param handle whose run to look at. @default the latest run */
async function resultIsRightOrRefused(injection: Injection, handle?: StruckRun['handle']): Promise<void> {
  const what = 'a result that is given out is right';
  try {
    await using home = await openHome(injection.home);
    const run = await (handle === undefined ? home.flow('Struck').latestRun() : home.run(handle.pathspec));
    if (run?.successful !== true) return;
    const found: { name: string; sha256: string }[] = [];
    for await (const artifact of run.artifacts()) {
      await artifact.value(); // checked against the hash
      found.push({ name: artifact.name, sha256: artifact.sha256 });
    }
    const expected = (await injection.undisturbed()).artifacts.map(({ name, sha256 }) => ({ name, sha256 }));
    injection.check(what, !isDeepStrictEqual(found, expected) && JSON.stringify(found));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    injection.check('damage is told', !DAMAGE.test(message) && message);
  }
}
