import type { Home } from '../../client/home.ts';
import type { LogStream } from '../../client/task-log.ts';
import { suggestion } from '../../client/suggestion.ts';
import type { Task } from '../../client/task.ts';
import type { RecordedEvent } from '../../core/events.ts';
import { harmless } from '../../core/harmless.ts';
import { parsePathspec } from '../../core/pathspec.ts';
import { describeReason } from '../../core/status.ts';
import { timestamp } from '../../core/timestamp.ts';
import { askScript } from '../ask-script.ts';
import { contextHome, type CliContext } from '../context.ts';
import type { Output, Part } from '../output.ts';
import { type PastLine, pastLines } from '../past-lines.ts';
import { findPlace, type Place, runOf } from '../place.ts';
import { racewayCommand } from '../raceway-command.ts';

const STREAMS: readonly LogStream[] = ['stdout', 'stderr'];

/** More tasks than this are not followed at once: each takes two descriptors. */
const FOLLOWED_MAX = 400;

/** `logs`: what tasks wrote, each stream to the same one here; a line names its task unless only one is meant. */
export async function logs(context: CliContext): Promise<void> {
  const { output, words, options } = context;
  const { follow, stdout, stderr, timestamps, tail, attempt } = options as {
    follow?: boolean;
    stdout?: boolean;
    stderr?: boolean;
    timestamps?: boolean;
    tail?: number;
    attempt?: number;
  };
  const word = words[0] ?? '';
  await using home = await contextHome(context);
  const named = await findPlace(home, word);
  const place: NamedTasks = named.depth === 'flow' ? { depth: 'run', run: await runOf(home, named) } : named;
  const given = { stdout, stderr };
  const request: Request = {
    place,
    // One of the two options leaves out the other stream.
    streams: STREAMS.filter((stream) => given[stream] === true || stdout === stderr),
    attempt,
    tail: tail ?? Infinity,
    tellWaiting: output.isJson ? () => {} : (text) => output.note(text),
    printer: new Printer(output, { withTimes: timestamps === true, withTask: place.depth !== 'task' }),
  };
  if (follow === true) await followLogs(home, request);
  else await printPast(await tasksOf(home, request), request);
  tellEnd(context, place);
}

/** What a run came to, where it is more than its tasks say. */
function tellEnd(context: CliContext, { run, depth }: NamedTasks): void {
  const { output } = context;
  if (output.isJson || depth === 'task' || run.reason === undefined) return;
  output.note(run.pathspec, ' did not succeed: ', describeReason(run.reason).split('\n')[0] ?? '');
  output.note('See why: ', racewayCommand(context, 'why', run.pathspec));
}

type NamedTasks = Exclude<Place, { depth: 'flow' }>;

interface Request {
  readonly place: NamedTasks;
  readonly streams: readonly LogStream[];
  /** From 0; of each task the latest unless given. */
  readonly attempt: number | undefined;
  /** How many lines of what is there already are printed. */
  readonly tail: number;
  /** Says what is waited for. */
  readonly tellWaiting: (text: string) => void;
  readonly printer: Printer;
}

/** How many lines of each stream of a task are left out. */
type Skip = Record<LogStream, number>;

/** Oldest first; with `attempt` those that had one of that number. @throws {NotFoundError} when there is none */
async function tasksOf(home: Home, { place, attempt }: Request): Promise<readonly Task[]> {
  const tasks = await namedTasks(home, place);
  const tried = tasks.filter(({ attempts }) => attempts.some(({ number }) => number === attempt));
  return attempt === undefined || tried.length === 0 ? tasks : tried; // if none has, reading it says so
}

async function namedTasks(home: Home, place: NamedTasks): Promise<readonly Task[]> {
  const { run } = place;
  switch (place.depth) {
    case 'run':
      return (await Array.fromAsync(run.tasks())).toReversed();
    case 'step':
      return (await Array.fromAsync((await home.step(`${run.pathspec}/${place.step}`)).tasks())).toReversed();
    case 'task':
      return [await home.task(`${run.pathspec}/${place.step}/${place.task}`)];
  }
}

async function printPast(tasks: readonly Task[], request: Request): Promise<void> {
  const skips = await skipsFor(tasks, request, { isFollowed: false });
  for (const task of tasks) await printTask(task, { ...request, skip: skips.get(task.pathspec) });
}

async function printTask(
  task: Task,
  { skip, ...request }: Request & { readonly skip: Skip | undefined },
): Promise<void> {
  if (skip !== undefined && request.streams.every((stream) => skip[stream] === Infinity)) return;
  const left = { ...(skip ?? NOTHING) };
  for await (const line of pastLines(task, request)) {
    if (left[line.stream]-- <= 0) request.printer.print(task.pathspec, line);
  }
  printEnd(task, request);
}

/** What a task threw, or what ended it, is no part of what it wrote, but is what most people look for. */
function printEnd(task: Task, { streams, attempt, printer }: Request): void {
  const isLatest = attempt === undefined || attempt === task.attempts.at(-1)?.number;
  if (!task.finished || !isLatest || !streams.includes('stderr')) return;
  const reason = task.reason === undefined ? undefined : `It failed: ${describeReason(task.reason)}`;
  const text = task.exception === undefined ? reason : exceptionText(task.exception);
  if (text !== undefined) printer.printEnd(task, text);
}

function exceptionText({ name, message, stack }: NonNullable<Task['exception']>): string {
  return `${name}: ${message}${stack === '' ? '' : `\n${stack}`}`;
}

const NOTHING: Skip = { stdout: 0, stderr: 0 };
const EVERYTHING: Skip = { stdout: Infinity, stderr: Infinity };

/** What is left out so that `tail` lines remain of all the tasks together. */
async function skipsFor(
  tasks: readonly Task[],
  { streams, attempt, tail }: Request,
  { isFollowed }: { readonly isFollowed: boolean },
): Promise<ReadonlyMap<string, Skip>> {
  const skips = new Map<string, Skip>();
  if (tail === Infinity) return skips;
  let remaining = tail;
  for (const task of tasks.toReversed()) {
    if (remaining === 0 && (task.finished || !isFollowed)) {
      skips.set(task.pathspec, EVERYTHING);
      continue;
    }
    const skip = { ...NOTHING };
    let last: LogStream[] = [];
    for await (const { stream } of pastLines(task, { streams, attempt })) {
      skip[stream] += 1;
      last.push(stream);
      if (last.length > 2 * remaining + 100) last = last.slice(-remaining || last.length);
    }
    last = remaining === 0 ? [] : last.slice(-remaining);
    remaining -= last.length;
    for (const stream of streams) {
      const total = skip[stream];
      skip[stream] -= last.filter((one) => one === stream).length;
      // The last line may be one that is still being written, the rest of which is not to be left out.
      if (isFollowed && !task.finished) skip[stream] = Math.min(skip[stream], Math.max(0, total - 1));
    }
    skips.set(task.pathspec, skip);
  }
  return skips;
}

/** What is there, then what comes until the run has ended, or the task if one was named. */
async function followLogs(home: Home, request: Request): Promise<void> {
  const { place, streams, attempt, printer } = request;
  const { run } = place;
  const isWanted = matcher(place);
  const tasks = (await Array.fromAsync(run.tasks())).toReversed().filter(({ pathspec }) => isWanted(pathspec));
  const hasAttempt = ({ attempts }: Task): boolean =>
    attempt === undefined || attempts.some(({ number }) => number === attempt);
  const skips = await skipsFor(tasks.filter(hasAttempt), request, { isFollowed: true });
  /** The attempts that are printed, or to be left out; by task. */
  const begun = new Map<string, number>();
  /** Whether there was anything of what was named. */
  let isFound = false;

  const leaving = new AbortController();
  const followers = new Set<Promise<unknown>>();
  /** Who follows the latest attempt that is printed; by task. */
  const latest = new Map<string, Promise<unknown>>();
  const follow = (
    task: Task,
    { number, skip = NOTHING }: { number: number | undefined; skip?: Skip | undefined },
  ): void => {
    const followStream = async (stream: LogStream): Promise<void> => {
      let left = skip[stream];
      for await (const line of task.logLines(stream, { attempt: number, signal: leaving.signal })) {
        if (left-- <= 0) printer.print(task.pathspec, { ...line, stream });
      }
    };
    const followed = number ?? latestOf(task);
    const before = latest.get(task.pathspec);
    const followTask = async (): Promise<void> => {
      await before; // an attempt is printed whole before the next
      await Promise.all(streams.map(followStream));
      await task.refresh();
      // Of an attempt that is followed by another there is only its log.
      if (followed === latestOf(task)) printEnd(task, request);
    };
    const follower = followTask();
    followers.add(follower);
    latest.set(task.pathspec, follower);
    follower.then(
      () => followers.delete(follower),
      () => leaving.abort(), // it is awaited below
    );
  };

  for (const task of tasks) {
    begun.set(task.pathspec, task.attempts.at(-1)?.number ?? 0);
    const skip = skips.get(task.pathspec);
    if (!hasAttempt(task)) continue;
    isFound = true;
    if (task.finished) await printTask(task, { ...request, skip });
    else follow(task, { number: attempt, skip });
  }
  if (begun.size === 0 && !run.finished) await tellMissing(home, request);
  try {
    for await (const event of run.watch({ signal: leaving.signal })) {
      if (!isWanted(event.pathspec)) continue;
      if (event.type === 'task-started' || event.type === 'task-cloned') {
        const number = event.type === 'task-started' ? event.attempt : undefined;
        if ((begun.get(event.pathspec) ?? -1) >= (number ?? 0)) continue;
        begun.set(event.pathspec, number ?? 0);
        if (followers.size >= FOLLOWED_MAX) await Promise.race(followers);
        if (attempt !== undefined && attempt !== number) continue;
        isFound = true;
        follow(await home.task(event.pathspec), { number });
      } else if (place.depth === 'task' && isEnd(event)) break;
    }
  } catch (error) {
    if (!leaving.signal.aborted) throw error;
  }
  await Promise.all(followers);
  if (!isFound) await printPast(await tasksOf(home, request), request); // says what is not there
}

function latestOf({ attempts }: Task): number {
  return attempts.at(-1)?.number ?? 0;
}

/** Says that there is nothing of what was named yet: it may be a mistake, and then there never will be. */
async function tellMissing(home: Home, { place, tellWaiting }: Request): Promise<void> {
  if (place.depth === 'run') return;
  const { run, step } = place;
  const recorded = await Array.fromAsync(run.steps(), ({ id }) => id);
  if (recorded.includes(step)) {
    if (place.depth === 'step') return; // one has begun meanwhile
    tellWaiting(`The step ${step} has no task ${place.task} yet: waiting for it until ${run.pathspec} has ended.`);
    return;
  }
  const described = await askScript(run, { home: home.path });
  const steps = 'steps' in described ? described.steps : undefined;
  const isPart = steps?.has(step);
  const first = `${run.pathspec} has no step ${step} yet`;
  const advice =
    isPart === false ? ` Its flow has none either now. ${suggestion(step, [...(steps?.keys() ?? [])], '')}` : '';
  tellWaiting(`${first}: waiting for it until the run has ended.${advice}`);
}

function isEnd(event: RecordedEvent): boolean {
  return event.type === 'task-succeeded' || (event.type === 'task-failed' && event.isRetried !== true);
}

/** Whether the events of something concern the tasks that are meant. */
function matcher(place: NamedTasks): (pathspec: string) => boolean {
  return (pathspec) => {
    const { step, task } = parsePathspec(pathspec);
    switch (place.depth) {
      case 'run':
        return step !== undefined;
      case 'step':
        return step === place.step;
      case 'task':
        return step === place.step && task === place.task;
    }
  };
}

/** Prints lines as the options want them. */
class Printer {
  readonly #output: Output;
  readonly #withTimes: boolean;
  readonly #withTask: boolean;
  #last: { readonly pathspec: string; readonly name: Part } | undefined;

  constructor(output: Output, { withTimes, withTask }: { readonly withTimes: boolean; readonly withTask: boolean }) {
    this.#output = output;
    this.#withTimes = withTimes;
    this.#withTask = withTask;
  }

  print(pathspec: string, { time, stream, text }: PastLine): void {
    if (this.#output.isJson) {
      this.#output.json({ time: time.toISOString(), pathspec, stream, text });
      return;
    }
    this.#output.log(stream, text, this.#prefix(pathspec, time));
  }

  /** Prints what a task came to, which is none of its lines. */
  printEnd({ pathspec, finishedAt = new Date() }: Task, text: string): void {
    for (const line of text.split('\n')) {
      this.#output.log('stderr', harmless(line, '\t'), this.#prefix(pathspec, finishedAt));
    }
  }

  #prefix(pathspec: string, time: Date): readonly Part[] {
    return [
      ...(this.#withTimes ? [{ style: 'dim', text: timestamp(time.getTime()) } as const, ' '] : []),
      ...(this.#withTask ? [this.#name(pathspec), ' '] : []),
    ];
  }

  /** Made once for all the lines of a task that follow one another. */
  #name(pathspec: string): Part {
    if (this.#last?.pathspec !== pathspec) {
      const { step, task } = parsePathspec(pathspec);
      this.#last = { pathspec, name: { style: 'cyan', text: `[${step}/${task}]` } };
    }
    return this.#last.name;
  }
}
