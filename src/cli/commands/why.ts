import type { Artifact } from '../../client/artifact.ts';
import type { Home } from '../../client/home.ts';
import { type LastWords, lastWords } from '../../client/last-words.ts';
import type { Run } from '../../client/run.ts';
import type { Task } from '../../client/task.ts';
import { formatBytes } from '../../core/format-bytes.ts';
import { formatPathspec, parsePathspec } from '../../core/pathspec.ts';
import { describeReason, type RunReason } from '../../core/status.ts';
import { timestamp } from '../../core/timestamp.ts';
import { againCommands, type AgainCommands, flowFileOf } from '../again-commands.ts';
import { askScript, givenFlowFile } from '../ask-script.ts';
import { contextHome, type CliContext } from '../context.ts';
import { latestFailed } from '../latest-failed.ts';
import type { Output } from '../output.ts';
import { lastLines, type PastLine } from '../past-lines.ts';
import { heardUntil, type Span, spanOf, spanText, taskSpan } from '../last-heard.ts';
import { findPlace, type Place, runOf } from '../place.ts';
import { plainJson } from '../plain-json.ts';
import { printException } from '../print-exception.ts';
import { racewayCommand } from '../raceway-command.ts';
import { runFacts } from '../run-facts.ts';
import { toTheSecond } from '../run-table.ts';
import { type SourceChange, sourceChange } from '../source-change.ts';
import { statusPart } from '../status-part.ts';
import { artifactFacts, shownText, type ShownValue, shownValue, taskFacts } from '../task-facts.ts';
import { type UnkeptSecrets, unkeptSecrets } from '../unkept-secrets.ts';
import { valueText } from '../value-text.ts';

const LAST_LINES = 10;

/** Of a join with more, only so many are named. */
const PARENTS_SHOWN = 10;

/** The endings of which only the run's process could say why. */
const ENDED_ALONE: ReadonlySet<RunReason['kind'] | undefined> = new Set(['lost', 'exit', 'signal'] as const);

/** How many of the tasks that were running when a run was ended are looked at. */
const UNFINISHED_SHOWN = 3;

/** `why`: everything that is known of why a run did not succeed, and what to do next. */
export async function why(context: CliContext): Promise<void> {
  const { output, words, options } = context;
  await using home = await contextHome(context);
  const [word] = words;
  const place = word === undefined ? undefined : await findPlace(home, word);
  const run = place === undefined ? await latestFailed(home) : await runOf(home, place);
  if (run === undefined) {
    output.json(NOTHING);
    output.line(`No run in the home ${home.path} has failed, or a resume has made it good.`);
    return;
  }
  const givenFile = givenFlowFile(options['file']);
  const failed = run.finished && !run.successful ? await run.failedTask() : undefined;
  const task = (place && (await namedTask(home, place, failed))) ?? failed;
  const commands = againCommands({ home, run, flowFile: givenFile ?? flowFileOf(run) }, task?.pathspec);
  const isAsked =
    options['source'] !== false && (task !== undefined || commands.resume !== undefined || givenFile !== undefined);
  const script = isAsked ? await askScript(run, { home: home.path, givenFile }) : undefined;
  const explained = task && (await explainTask(task));
  const unfinished = task === undefined && run.finished ? await unfinishedTasks(run) : [];
  const lines = [...(explained?.lines ?? []), ...unfinished.flatMap((one) => one.lines)];
  const explanation: Explanation = {
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
    source: script && task && sourceChange(script, await stepOf(home, task)),
    commands,
    secrets: unkeptSecrets(run, { declared: script && 'secrets' in script ? script.secrets : [], task }),
  };
  if (output.isJson) output.json(await asJson(explanation));
  else print(context, explanation);
}

interface Explanation {
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
  /** What was running when the run was ended, if nothing failed. */
  readonly unfinished: readonly { readonly task: Task; readonly lines: readonly PastLine[] }[];
  readonly source: SourceChange | undefined;
  readonly commands: AgainCommands;
  readonly secrets: UnkeptSecrets;
}

interface ExplainedTask {
  readonly task: Task;
  readonly parents: readonly Task[];
  /** What it got from its only parent; a join has several and inherits nothing. */
  readonly inherited: readonly { readonly artifact: Artifact; readonly shown: ShownValue | undefined }[];
  readonly lines: readonly PastLine[];
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
    lines: await lastLines(task, { count: LAST_LINES, streams: ['stdout', 'stderr'] }),
  };
}

/** The tasks that were stopped, or lost with the run; the latest first. */
async function unfinishedTasks(run: Run): Promise<Explanation['unfinished']> {
  const all = await Array.fromAsync(run.tasks());
  const unfinished = all.filter(({ status }) => status === 'failed').slice(0, UNFINISHED_SHOWN);
  return Promise.all(
    unfinished.map(async (task) => ({
      task,
      lines: await lastLines(task, { count: LAST_LINES, streams: ['stdout', 'stderr'] }),
    })),
  );
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

function print(context: CliContext, explanation: Explanation): void {
  const { output } = context;
  const { run, named, span, words, resumes, task, failed, unfinished, source } = explanation;
  output.line({ style: 'bold', text: run.pathspec }, '  ', statusPart(run.status, run.reason));
  output.line('  ', inWords(run, { span, words }));
  for (const resume of resumes) {
    output.line('  It was resumed as ', resume.pathspec, ', which is ', statusPart(resume.status, resume.reason), '.');
  }
  if (task !== undefined && task.task.status !== 'failed') {
    output.line(`  The ${named} that you named `, task.task.successful ? 'succeeded' : 'is running', '.');
    if (failed !== undefined) output.line('  What failed is ', failed.pathspec, '.');
  }
  if (words !== undefined) printWords(output, words);
  if (task !== undefined) printTask(output, { ...task, run });
  for (const { task: one, lines } of unfinished) {
    title(output, `It was running ${one.pathspec}, for ${timeOf(one, lines)}`);
    printLines(output, lines);
  }
  if (source !== undefined && task !== undefined) {
    title(output, 'Source');
    output.line('    ', sourceText(source, task.task.stepName));
  }
  printCommands(context, explanation);
}

function printCommands(context: CliContext, { run, task, commands, secrets }: Explanation): void {
  const { output } = context;
  const next = [
    ['this task alone', commands.spin],
    ['the rest of the run', commands.resume],
  ].filter((row): row is [string, string] => row[1] !== undefined);
  if (next.length > 0) {
    title(output, task?.task.successful === true ? 'To run it again' : 'Once it is mended, run again');
    output.table(
      next.map(([what, command]) => [{ style: 'dim', text: what } as const, { style: 'bold', text: command } as const]),
      '    ',
    );
  } else if (run.kind === 'run' && run.finished && !run.successful) {
    title(output, 'Once it is mended, run again');
    const command = `${racewayCommand(context, 'resume')} --file=<file> ${run.pathspec}`;
    output.table(
      [
        [
          { style: 'dim', text: 'the rest of the run' },
          { style: 'bold', text: command },
        ],
      ],
      '    ',
    );
    const file = flowFileOf(run);
    output.line('    with its flow script', file === undefined ? '' : `: ${file} is not there any more`);
  } else return;
  const { giveAgain, giveIfGiven } = secrets;
  if (giveAgain.length > 0) output.line('    and give again what is secret and was not kept: ', flags(giveAgain));
  if (giveIfGiven.length > 0)
    output.line('    and, if it was given, what is secret and was not kept: ', flags(giveIfGiven));
}

/** Where others cannot read them. */
function flags(names: readonly string[]): string {
  const variables = names.map((name) => `RACEWAY_RESUME_${name.toUpperCase().replaceAll('-', '_')}`);
  return `${names.map((name) => `--${name}`).join(' ')} (or in the environment: ${variables.join(', ')})`;
}

/** How long a task ran, as far as that is known. */
function timeOf(task: Task, lines: readonly PastLine[]): string {
  return spanText(
    heardUntil(
      taskSpan(task),
      lines.map(({ time }) => time),
    ),
  );
}

function printTask(output: Output, { run, task, parents, inherited, lines }: ExplainedTask & { run: Run }): void {
  const attempts = task.attempts.length;
  title(output, 'Task');
  output.line('    ', task.status === 'failed' ? { style: 'red', text: task.pathspec } : task.pathspec);
  const facts = [
    task.index === undefined ? undefined : `item ${task.index} of the foreach`,
    attempts > 1 ? `${attempts} attempts` : undefined,
    `ran for ${timeOf(task, lines)}`,
  ];
  output.line('    ', facts.filter((fact) => fact !== undefined).join(', '));
  const reason = task.reason ?? task.caught;
  if (task.exception !== undefined) printException(output, task.exception, '    ');
  else if (reason !== undefined) output.line('    ', { style: 'red', text: describeReason(reason) });
  else output.line('    ', `is ${task.status}`);

  title(output, 'Inputs');
  const parameters: Readonly<Record<string, unknown>> = run.parameters;
  const read = task.parametersRead?.filter((name) => Object.hasOwn(parameters, name)) ?? Object.keys(parameters);
  const values = [
    ...(task.index === undefined ? [] : [['item', '', '', valueText(task.item)]]),
    ...read.map((name) => [name, 'parameter', '', valueText(parameters[name])]),
    ...inherited
      .filter(({ artifact: { name } }) => !Object.hasOwn(parameters, name))
      .map(({ artifact: { name, type, sizeBytes }, shown }) => [
        name,
        type,
        formatBytes(sizeBytes),
        shown === undefined ? '' : shownText(shown, 100),
      ]),
  ];
  output.table(values, '    ');
  if (task.parametersRead === undefined && read.length > 0) {
    output.line('    ', { style: 'dim', text: 'Which parameters it read is not known: these are all.' });
  }
  for (const parent of parents.slice(0, PARENTS_SHOWN)) output.line('    from ', parent.pathspec);
  if (parents.length > PARENTS_SHOWN) output.line(`    and from ${parents.length - PARENTS_SHOWN} more`);
  printLines(output, lines);
}

function printLines(output: Output, lines: readonly PastLine[]): void {
  if (lines.length === 0) return;
  title(output, 'Last lines it wrote');
  for (const { time, text } of lines) {
    output.line('    ', { style: 'dim', text: timestamp(time.getTime()).slice('yyyy-mm-dd '.length) }, '  ', text);
  }
}

function printWords(output: Output, { file, lines, isWhole }: LastWords): void {
  title(output, 'Last lines that its process wrote to stderr');
  output.block(lines.join('\n'), '    ');
  if (!isWhole) output.line('    ', { style: 'dim', text: `all of it: ${file}` });
}

function title(output: Output, text: string): void {
  output.line();
  output.line('  ', { style: 'bold', text });
}

function inWords(run: Run, { span, words }: Pick<Explanation, 'span' | 'words'>): string {
  const { reason } = run;
  const { finishedAt } = span;
  if (run.status === 'running') return `It is running, for ${spanText(span)} so far.`;
  if (reason === undefined) return 'It succeeded.';
  const when = finishedAt === undefined ? '' : ` (${toTheSecond(finishedAt)})`;
  const after = `after ${spanText({ ...span, reason: undefined })}${when}`;
  return `${ending(reason, words !== undefined)} ${after}.`;
}

function ending(reason: RunReason, hasWords: boolean): string {
  switch (reason.kind) {
    case 'task':
      return 'A task failed, and the run ended';
    case 'killed':
      return 'It was ended on request';
    case 'timeout':
      return 'It took longer than its limit and was ended';
    case 'signal':
      return `Its process was ended by ${reason.signalCode}`;
    case 'exit':
      return `Its process ended with exit status ${reason.exitCode}${hasWords ? '' : ', without saying why,'}`;
    case 'lost':
      return `Its process is gone${hasWords ? '' : ' without a word'}, as after SIGKILL, a crash or a power cut; it was last heard of`;
    case 'unread':
      return `What became of it cannot be read (${reason.message}); it ended`;
  }
}

function sourceText(source: SourceChange, step: string): string {
  switch (source.kind) {
    case 'changed':
      return `The source of ${step} has changed since.`;
    case 'unchanged':
      return `The source of ${step} is still the same.`;
    case 'gone':
      return `The flow has no step ${step} any more.`;
    case 'unknown':
      return `Whether the source of ${step} has changed is not known: ${source.why}.`;
  }
}

/** With all that there is of a run. */
const NOTHING = {
  run: null,
  stderr: null,
  resumes: [],
  task: null,
  failedTask: null,
  exception: null,
  inputs: null,
  lastLines: [],
  runningTasks: [],
  source: null,
  commands: { spin: null, resume: null },
  secrets: { giveAgain: [], giveIfGiven: [] },
};

async function asJson({
  run,
  words,
  resumes,
  task,
  failed,
  unfinished,
  source,
  commands,
  secrets,
}: Explanation): Promise<object> {
  const parameters: Readonly<Record<string, unknown>> = run.parameters;
  return {
    run: runFacts(run),
    stderr: words === undefined ? null : { file: words.file, lastLines: words.lines },
    resumes: resumes.map((resume) => runFacts(resume)),
    task: task === undefined ? null : taskFacts(task.task),
    failedTask: failed === undefined ? null : taskFacts(failed),
    exception: task?.task.exception ?? null,
    inputs:
      task === undefined
        ? null
        : {
            item: plainJson(task.task.item) ?? null,
            parameters: plainJson(parameters),
            parametersRead: task.task.parametersRead ?? null,
            parentTasks: task.parents.map(({ pathspec }) => pathspec),
            artifacts: task.inherited.map(({ artifact, shown }) => artifactFacts(artifact, shown)),
          },
    lastLines: task?.lines.map(lineFacts) ?? [],
    runningTasks: unfinished.map(({ task: one, lines }) => ({ ...taskFacts(one), lastLines: lines.map(lineFacts) })),
    source: source ?? null,
    commands: { spin: commands.spin ?? null, resume: commands.resume ?? null },
    secrets,
  };
}

function lineFacts({ time, stream, text }: PastLine): object {
  return { time: time.toISOString(), stream, text };
}
