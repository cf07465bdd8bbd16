import type { Artifact } from '../client/artifact.ts';
import type { Home } from '../client/home.ts';
import { type LastWords, lastWords } from '../client/last-words.ts';
import type { Run } from '../client/run.ts';
import type { Task } from '../client/task.ts';
import { formatPathspec, parsePathspec } from '../core/pathspec.ts';
import type { RunReason } from '../core/status.ts';
import { againCommands, type AgainCommands, flowFileOf } from './again-commands.ts';
import { askScript } from './ask-script.ts';
import { heardUntil, type Span, spanOf } from './last-heard.ts';
import { lastLines, type PastLine } from './past-lines.ts';
import type { Place } from './place.ts';
import { type SourceChange, sourceChange } from './source-change.ts';
import { type ShownValue, shownValue } from './task-facts.ts';
import { type UnkeptSecrets, unkeptSecrets } from './unkept-secrets.ts';

/** Everything that is known of why a run did not succeed, and what to do next. */
export interface Explanation {
  readonly run: Run;
  /** What was named; `undefined` when nothing was. */
  readonly named: Place['depth'] | undefined;
  /** When the run went on, as far as that is known. */
  readonly span: Span;
  /** What its process wrote last, if it ended by itself and that is kept. */
  readonly words: LastWords | undefined;
  /** The runs that went on with it. */
  readonly resumes: readonly Run[];
  /** What was named, else what failed. */
  readonly task: ExplainedTask | undefined;
  /** What failed. */
  readonly failed: Task | undefined;
  /** What is running, or was when the run was ended, if nothing failed. The latest first. */
  readonly unfinished: readonly Task[];
  /** The last lines of the first of them. */
  readonly unfinishedLines: readonly (readonly PastLine[])[];
  readonly source: SourceChange | undefined;
  readonly commands: AgainCommands;
  readonly secrets: UnkeptSecrets;
}

/** A task with what it had and what it wrote last. */
export interface ExplainedTask {
  readonly task: Task;
  readonly parents: readonly Task[];
  /** What it got from its only parent; a join has several and inherits nothing. */
  readonly inherited: readonly { readonly artifact: Artifact; readonly shown: ShownValue | undefined }[];
  readonly lines: readonly PastLine[];
}

const LAST_LINES = 10;

/** The endings of which only the run's process could say why. */
const ENDED_ALONE: ReadonlySet<RunReason['kind'] | undefined> = new Set(['lost', 'exit', 'signal'] as const);

/** Of so many tasks that run, or were running when a run was ended, the last lines are read. */
const UNFINISHED_SHOWN = 3;

/**
 * Gathers it.
 *
 * @param options.place what was named, in the run
 * @param options.givenFile the flow script, if it is another one than the run has recorded
 * @param options.asksScript whether the flow script may be executed to look at its source
 */
export async function explain(
  { home, run }: { home: Home; run: Run },
  { place, givenFile, asksScript }: { place: Place | undefined; givenFile: string | undefined; asksScript: boolean },
): Promise<Explanation> {
  const failed = run.finished && !run.successful ? await run.failedTask() : undefined;
  const task = (place && (await namedTask(home, place, failed))) ?? failed;
  const commands = againCommands({ home, run, flowFile: givenFile ?? flowFileOf(run) }, task?.pathspec);
  const isAsked = asksScript && (task !== undefined || commands.resume !== undefined || givenFile !== undefined);
  const script = isAsked ? await askScript(run, { home: home.path, givenFile }) : undefined;
  const explained = task && (await explainTask(task));
  const unfinished = task === undefined ? await unfinishedTasks(run) : [];
  const unfinishedLines = await Promise.all(unfinished.slice(0, UNFINISHED_SHOWN).map(lastLinesOf));
  const lines = [...(explained?.lines ?? []), ...unfinishedLines.flat()];
  return {
    run,
    named: place?.depth,
    span: heardUntil(
      await spanOf(run),
      lines.map(({ time }) => time),
    ),
    words: ENDED_ALONE.has(run.reason?.kind) ? lastWords(home.path, run.pathspec) : undefined,
    resumes: await resumesOf(home, run),
    task: explained,
    failed,
    unfinished,
    unfinishedLines,
    source: script && task && sourceChange(script, await stepOf(home, task)),
    commands,
    secrets: unkeptSecrets(run, { declared: script && 'secrets' in script ? script.secrets : [], task }),
  };
}

/** The task that a place names; of a step the one that says most of what became of it. @throws {NotFoundError} when there is none */
async function namedTask(home: Home, place: Place, failed: Task | undefined): Promise<Task | undefined> {
  if (place.depth === 'task') return await home.task(`${place.run.pathspec}/${place.step}/${place.task}`);
  if (place.depth !== 'step') return undefined;
  const tasks = await Array.fromAsync((await home.step(`${place.run.pathspec}/${place.step}`)).tasks());
  return (
    tasks.find(({ pathspec }) => pathspec === failed?.pathspec) ??
    tasks.findLast(({ status, reason }) => status === 'failed' && reason?.kind !== 'stopped') ??
    tasks.findLast(({ status }) => status === 'failed') ??
    tasks.find(({ status }) => status === 'running') ??
    tasks[0]
  );
}

async function explainTask(task: Task): Promise<ExplainedTask> {
  const parents = await Array.fromAsync(task.parentTasks());
  const [parent] = parents;
  const artifacts = parent === undefined || parents.length > 1 ? [] : await Array.fromAsync(parent.artifacts());
  return {
    task,
    parents,
    inherited: await Promise.all(artifacts.map(async (artifact) => ({ artifact, shown: await shownValue(artifact) }))),
    lines: await lastLinesOf(task),
  };
}

/** The tasks that run; of a run that has ended those that were stopped, or lost with it. */
async function unfinishedTasks(run: Run): Promise<readonly Task[]> {
  const all = await Array.fromAsync(run.tasks());
  return all.filter(({ status }) => status === (run.finished ? 'failed' : 'running'));
}

async function lastLinesOf(task: Task): Promise<readonly PastLine[]> {
  return await lastLines(task, { count: LAST_LINES, streams: ['stdout', 'stderr'] });
}

/** Those that name it as their origin, oldest first. */
async function resumesOf(home: Home, run: Run): Promise<readonly Run[]> {
  const resumes: Run[] = [];
  for await (const later of home.flow(run.flowName).runs({ since: run.createdAt })) {
    if (later.originRunId === run.id) resumes.unshift(later);
  }
  return resumes;
}

async function stepOf(home: Home, task: Task): Promise<{ readonly step: string; readonly sourceSha256: string }> {
  const { flow, run, step } = parsePathspec(task.pathspec, 'task');
  const { sourceSha256 } = await home.step(formatPathspec({ flow, run, step }));
  return { step, sourceSha256 };
}
