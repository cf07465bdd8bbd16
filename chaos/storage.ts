import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { checkHome } from '../src/client/check-home.ts';
import { openHome } from '../src/client/home.ts';
import type { Run } from '../src/client/run.ts';
import { NotFoundError } from '../src/core/errors.ts';
import { describeReason } from '../src/core/status.ts';
import { databaseFile } from '../src/store/home-folder.ts';
import { claimsAreTrue, nothingIsLeft, recordsAreWhole } from './aftermath.ts';
import { type Heard, heard } from './heard.ts';
import type { FlowStart, Injection, ParentOrder } from './injection.ts';
import { instant } from './instant.ts';
import { DAMAGE, untold } from './tells.ts';
import { until } from './until.ts';

/** What a script said of the run that was struck. */
export interface StruckRun {
  /** Of the run process, when it had announced its run. */
  readonly pid: number | undefined;
  /** What the handle said when the run had ended. */
  readonly handle: Extract<Heard, { event: 'ended' }> | undefined;
  /** Why there was no run, or no answer. */
  readonly refusal: string | undefined;
  /** Whatever was said of a cause. */
  readonly told: string;
}

/** What a run process says that has recorded its end in a place where nobody finds it just then. */
const COULD_NOT_TELL = /cannot tell whether what was written last to the database .* is kept: /;

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
  let struckAt = Infinity;
  if (strike !== undefined) {
    await until(after, { pauseMs: 1, limitMs: 20_000 });
    await setTimeout(injection.random.between(0, within) * wallMs);
    struckAt = instant();
    await strike();
  }
  const ended = await Promise.race([parent.ended, setTimeout(HANGS_MS, undefined, { ref: false })]);
  injection.check('the run ends', ended === undefined && `not within ${HANGS_MS} ms: ${parent.stdout()}`);
  const { stdout, stderr } = ended ?? { stdout: parent.stdout(), stderr: parent.stderr() };
  const [handle, refusal] = [heard(stdout, 'ended'), heard(stdout, 'refused')?.message];
  if (handle !== undefined && handle.at <= struckAt && strike !== undefined) injection.miss('the run had ended');
  injection.check(
    'the handle settles',
    ended !== undefined && handle === undefined && refusal === undefined && `the script said ${stdout} ${stderr}`,
  );
  const told = [refusal, handle?.stderr, handle?.reason && describeReason(handle.reason)].filter(Boolean).join('\n');
  injection.count(`runs that were ${handle?.status ?? 'refused'}`);
  return { pid: heard(stdout, 'started')?.pid, handle, refusal, told };
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
  // A home that is away in the moment of the last commit has it, and gets its name back later.
  const couldNotTell = run.successful && handle.exitCode !== 0 && COULD_NOT_TELL.test(handle.stderr);
  if (couldNotTell) injection.count('runs that succeeded, and said that they could not tell');
  injection.check(
    'the exit status was right',
    !couldNotTell &&
      (handle.exitCode === 0) !== run.successful &&
      `${handle.exitCode} of a run that is ${run.status}: ${handle.stderr}`,
  );
}

/**
 * After something was damaged for good. Whatever the client gives out as the result of a run is the result, or reading it
 * fails; a resume completes with the right result, or says what is damaged and what to do; `doctor` mends the database
 * without losing what could be read; and in that home the flow then runs. Returns whether anybody noticed.
 *
 * @param options.cause what is to be said of a run that did not succeed. @default what raceway says of a damaged database
 */
export async function damageIsTold(
  injection: Injection,
  struck: StruckRun,
  { cause = DAMAGE }: { cause?: RegExp } = {},
): Promise<boolean> {
  await nothingIsLeft(injection);
  const isFound = await doctorChangesNothing(injection);
  const isTold = struck.handle?.status !== 'successful' && namesCause(injection, struck, cause);
  await struckRunIsThere(injection, struck, { isFound, isTold });
  const isRefused = await whatFollows(injection, struck, { isFound, isTold });
  await nothingIsLeft(injection);
  const before = await readableIn(injection.home);
  const mended = await doctorMends(injection);
  if (!isFound && !isRefused) {
    injection.check('doctor finds damage at once', mended);
    await recordsAreWhole(injection);
    await claimsAreTrue(injection);
    return struck.handle?.status !== 'successful';
  }
  const after = new Set(await readableIn(injection.home));
  const gone = before.filter((line) => !after.has(line));
  injection.check(
    'what could be read before doctor mended the database can be read after it',
    gone.length > 0 && `${gone.slice(0, 5).join(', ')} and others, ${gone.length} in all; doctor said ${mended}`,
  );
  const isLossy = mended !== undefined && !mended.includes('nothing was lost');
  if (mended !== undefined) injection.count(`mended by doctor, ${isLossy ? 'with what it said was lost' : 'whole'}`);
  const what = mended === undefined ? 'a new run in the same home completes' : 'a new run in the mended home completes';
  const pathspec = await newRunCompletes(injection, what);
  if (isLossy) await removeRunsBut(injection, pathspec);
  await recordsAreWhole(injection);
  await claimsAreTrue(injection);
  return true;
}

/** Runs the flow anew; returns its pathspec. */
export async function newRunCompletes(injection: Injection, what: string): Promise<string> {
  const ended = await injection.startParent().ended;
  const handle = heard(ended.stdout, 'ended');
  injection.check(what, handle?.status !== 'successful' && `${ended.stdout.slice(-3000)} ${ended.stderr.slice(-3000)}`);
  const reading = await readResult(injection, handle?.pathspec ?? '');
  injection.check('the result is that of an undisturbed run', reading.kind !== 'right' && JSON.stringify(reading));
  await nothingIsLeft(injection);
  return handle?.pathspec ?? '';
}

/** What can be made of the result of a run. */
type Reading =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong'; readonly found: string }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unfinished'; readonly status: string };

/** Reads all that a run left as anybody would, and compares its result with that of an undisturbed one. */
async function readResult(injection: Injection, pathspec: string): Promise<Reading> {
  try {
    await using home = await openHome(injection.home);
    const run = await home.run(pathspec);
    for await (const task of run.tasks()) {
      for await (const artifact of task.artifacts()) await artifact.value(); // checked against the hash
    }
    if (!run.successful) return { kind: 'unfinished', status: run.status };
    const found: { name: string; sha256: string }[] = [];
    for await (const { name, sha256 } of run.artifacts()) found.push({ name, sha256 });
    const expected = (await injection.undisturbed()).artifacts.map(({ name, sha256 }) => ({ name, sha256 }));
    return isDeepStrictEqual(found, expected) ? { kind: 'right' } : { kind: 'wrong', found: JSON.stringify(found) };
  } catch (error) {
    if (error instanceof NotFoundError) return { kind: 'missing' };
    return { kind: 'refused', message: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * The run is recorded as the handle said, and its result is right; or reading it says what is damaged. When the fault took
 * the record away, somebody says so: the run itself, or `doctor`.
 */
async function struckRunIsThere(
  injection: Injection,
  { handle }: StruckRun,
  { isFound, isTold }: { isFound: boolean; isTold: boolean },
): Promise<void> {
  if (handle === undefined) return;
  const reading = await readResult(injection, handle.pathspec);
  injection.check('doctor finds what cannot be read', reading.kind === 'refused' && !isFound && reading.message);
  if (reading.kind === 'refused') {
    tellsOf(injection, reading.message, DAMAGE, 'damage is told');
    injection.count('runs that could not be read');
    return;
  }
  const said = handle.status === 'successful' ? 'right' : 'unfinished';
  injection.check('a result that is given out is right', reading.kind === 'wrong' && reading.found);
  if (reading.kind === said) return;
  const lost = `a run that was said to be ${handle.status} is ${reading.kind === 'right' ? 'successful' : reading.kind}`;
  injection.count(lost);
  injection.check(
    'a run is recorded as the handle said, or it is told that its record was lost',
    (reading.kind === 'right' || !(isFound || isTold)) && `${lost}, and nobody says so: ${JSON.stringify(reading)}`,
  );
}

/** Resumes the run, or runs the flow when that was successful or there is none. Returns whether it was refused. */
async function whatFollows(
  injection: Injection,
  { handle }: StruckRun,
  { isFound, isTold }: { isFound: boolean; isTold: boolean },
): Promise<boolean> {
  const isResumed = handle !== undefined && handle.status !== 'successful';
  const args = isResumed ? ['resume', `--origin-run-id=${handle.pathspec.split('/')[1]}`] : ['run'];
  const followed = injection.startFlow(args);
  const ended = await Promise.race([followed.ended, setTimeout(HANGS_MS, undefined, { ref: false })]);
  injection.check('what follows ends', ended === undefined && `not within ${HANGS_MS} ms: ${followed.stderr()}`);
  if (ended === undefined) return true;
  if (ended.exitCode === 0) {
    injection.count(isResumed ? 'resumed in spite of it' : 'another run in spite of it');
    const reading = await readResult(injection, await latestIn(injection.home));
    const isRead = reading.kind === 'right' || (isFound && reading.kind === 'refused');
    injection.check('what completes in spite of it has the right result', !isRead && JSON.stringify(reading));
    return false;
  }
  injection.count(isResumed ? 'refused with the reason, and not resumed' : 'another run refused with the reason');
  if (isResumed && /there is no (?:run|flow) /.test(ended.stderr)) {
    injection.count('there was nothing to resume');
    injection.check('a run that is gone was told to be', !(isFound || isTold) && ended.stderr.slice(-3000));
  } else tellsOf(injection, ended.stderr, DAMAGE, 'damage is told');
  return true;
}

/** Whether the reason of a handle that could not read what became of its run, or what was told, names the cause. */
function namesCause(injection: Injection, { handle, told }: StruckRun, cause: RegExp): boolean {
  const reason = handle?.reason;
  switch (reason?.kind) {
    case 'unread':
      injection.count('runs of which the handle says that they cannot be read');
      return tellsOf(injection, reason.message, cause);
    case 'exit':
      if (reason.exitCode !== 0) return tellsOf(injection, told, cause);
      // All was well until it had ended, so nobody can know more than that the end is not there.
      injection.count('runs of which the handle says that they ended with 0 before they were done');
      return injection.checkNames(told, /exit status 0 before it was done/);
    default:
      return tellsOf(injection, told, cause);
  }
}

/** Whether a text names what is damaged, and says what to do. */
function tellsOf(injection: Injection, text: string, words: RegExp, what = 'errors name their cause'): boolean {
  return injection.check(`${what}, and what to do`, untold(text, words));
}

async function latestIn(folder: string): Promise<string> {
  try {
    await using home = await openHome(folder);
    return (await home.flow('Struck').latestRun())?.pathspec ?? '';
  } catch {
    return ''; // which is no run, and will be told
  }
}

/** All that the client gives out of runs that can be read as a whole, a line each. */
async function readableIn(folder: string): Promise<readonly string[]> {
  const lines: string[] = [];
  try {
    await using home = await openHome(folder);
    for await (const run of home.flow('Struck').runs()) lines.push(...(await factsOf(run)));
  } catch {
    // what can be read up to there
  }
  return lines;
}

async function factsOf(run: Run): Promise<readonly string[]> {
  const facts = [`${run.pathspec} ${run.status}`];
  try {
    for await (const task of run.tasks()) {
      facts.push(`${task.pathspec} ${task.status}`);
      for await (const artifact of task.artifacts()) {
        await artifact.value(); // checked against the hash
        facts.push(`${artifact.pathspec} ${artifact.sha256}`);
      }
    }
    return facts;
  } catch {
    return []; // not as a whole
  }
}

/** What was saved of other runs is half of them at best, as was said. It can be removed. */
async function removeRunsBut(injection: Injection, kept: string): Promise<void> {
  await using home = await openHome(injection.home);
  for (const run of await Array.fromAsync(home.flow('Struck').runs())) {
    if (run.pathspec !== kept) await run.remove();
  }
  const left = await Array.fromAsync(home.flow('Struck').runs());
  injection.check('runs of which a part was lost can be removed', left.length !== 1 && left.join(', '));
}

/**
 * A look at the home leaves every byte of it as it was. Returns whether the database was found damaged, or a content that a
 * run has.
 */
async function doctorChangesNothing(injection: Injection): Promise<boolean> {
  const before = bytesOf(injection.home);
  const found = await Array.fromAsync(checkHome(injection.home, { deep: true }));
  const after = bytesOf(injection.home);
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  injection.check('doctor changes nothing', changed.length > 0 && changed.join(', '));
  const isDatabase = found.some(({ kind }) => kind === 'database');
  const isContent = found.some(({ kind }) => kind === 'artifacts');
  if (isDatabase) injection.count('found damaged by doctor');
  if (isContent) injection.count('damaged contents found by doctor');
  return isDatabase || isContent;
}

/** What doctor finds and can mend is mended: there is nothing wrong with the database any more. Returns what it said of that. */
async function doctorMends(injection: Injection): Promise<string | undefined> {
  let said: string | undefined;
  for await (const { kind, mend } of checkHome(injection.home, { deep: true })) {
    const done = await mend?.();
    if (kind === 'database') said = done;
  }
  const left = (await Array.fromAsync(checkHome(injection.home, { deep: true }))).filter(
    ({ kind }) => kind === 'database',
  );
  injection.check('doctor mends the database', left.length > 0 && left.map(({ what }) => what).join('; '));
  return said;
}

/** By path, a hash of every file. */
function bytesOf(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return new Map(paths.map((path) => [path, hash('sha256', readFileSync(path))]));
}
