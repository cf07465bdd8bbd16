import type { Run } from '../client/run.ts';
import type { LastWords } from '../client/last-words.ts';
import type { Task } from '../client/task.ts';
import { environmentVariable } from '../core/environment-variable.ts';
import { formatBytes } from '../core/format-bytes.ts';
import { describeReason, type RunReason } from '../core/status.ts';
import { timestamp } from '../core/timestamp.ts';
import { flowFileOf } from './again-commands.ts';
import type { CliContext } from './context.ts';
import type { ExplainedTask, Explanation } from './explain.ts';
import { heardUntil, spanText, taskSpan } from './last-heard.ts';
import type { Output } from './output.ts';
import type { PastLine } from './past-lines.ts';
import { printException } from './print-exception.ts';
import { racewayCommand } from './raceway-command.ts';
import { toTheSecond } from './run-table.ts';
import type { SourceChange } from './source-change.ts';
import { statusPart } from './status-part.ts';
import { shownText } from './task-facts.ts';
import { valueText } from './value-text.ts';

/** Of a join with more, only so many are named. */
const PARENTS_SHOWN = 10;

/** An explanation for people. */
export function printExplanation(context: CliContext, explanation: Explanation): void {
  const { output } = context;
  const { run, named, span, words, resumes, task, failed, unfinished, unfinishedLines, source } = explanation;
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
  for (const [index, lines] of unfinishedLines.entries()) {
    const one = unfinished[index];
    if (one === undefined) continue;
    title(output, `It ${run.finished ? 'was' : 'is'} running ${one.pathspec}, for ${timeOf(one, lines)}`);
    printLines(output, lines);
  }
  const more = unfinished.length - unfinishedLines.length;
  if (more > 0) title(output, `and ${more} ${more === 1 ? 'task' : 'tasks'} more`);
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
  const needsFile = next.length === 0 && run.kind === 'run' && run.finished && !run.successful;
  if (needsFile)
    next.push(['the rest of the run', `${racewayCommand(context, 'resume')} --file=<file> ${run.pathspec}`]);
  if (next.length === 0) return;
  title(output, task?.task.successful === true ? 'To run it again' : 'Once it is mended, run again');
  output.table(
    next.map(([what, command]) => [{ style: 'dim', text: what } as const, { style: 'bold', text: command } as const]),
    '    ',
  );
  if (needsFile) {
    const file = flowFileOf(run);
    output.line('    with its flow script', file === undefined ? '' : `: ${file} is not there any more`);
  }
  const { giveAgain, giveIfGiven } = secrets;
  if (giveAgain.length > 0) output.line('    and give again what is secret and was not kept: ', flags(giveAgain));
  if (giveIfGiven.length > 0)
    output.line('    and, if it was given, what is secret and was not kept: ', flags(giveIfGiven));
}

/** Where others cannot read them. */
function flags(names: readonly string[]): string {
  const variables = names.map((name) => environmentVariable('resume', name));
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
