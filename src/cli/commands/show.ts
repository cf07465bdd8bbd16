import type { Home } from '../../client/home.ts';
import type { Run } from '../../client/run.ts';
import type { Step } from '../../client/step.ts';
import type { Task } from '../../client/task.ts';
import { formatBytes } from '../../core/format-bytes.ts';
import { formatCommand } from '../../core/format-command.ts';
import { describeReason, type TaskStatus } from '../../core/status.ts';
import { contextHome, type CliContext } from '../context.ts';
import type { Output, Part } from '../output.ts';
import { heardUntil, type Span, spanOf, spanText, taskSpan } from '../last-heard.ts';
import { findPlace } from '../place.ts';
import { plainJson } from '../plain-json.ts';
import { printException } from '../print-exception.ts';
import { racewayCommand } from '../raceway-command.ts';
import { runFacts } from '../run-facts.ts';
import { printRuns, startedHeading, toTheSecond } from '../run-table.ts';
import { statusPart } from '../status-part.ts';
import { artifactFacts, shownText, shownValue, taskFacts } from '../task-facts.ts';
import { valueText } from '../value-text.ts';

/** How many runs of a flow are shown. */
const FLOW_RUNS = 10;

/** `show`: a flow, run, step or task. */
export async function show(context: CliContext): Promise<void> {
  const { output, words, options } = context;
  await using home = await contextHome(context);
  const place = await findPlace(home, words[0] ?? '');
  switch (place.depth) {
    case 'flow':
      await showFlow(output, home, place.flow);
      return;
    case 'run':
      await showRun(context, place.run);
      return;
    case 'step':
      await showStep(output, await home.step(`${place.run.pathspec}/${place.step}`));
      return;
    case 'task':
      await showTask(output, await home.task(`${place.run.pathspec}/${place.step}/${place.task}`), {
        withValues: options['values'] === true,
        isSpun: place.run.kind === 'spin',
      });
  }
}

async function showFlow(output: Output, home: Home, name: string): Promise<void> {
  const flow = await home.flow(name).refresh();
  const runs = await Array.fromAsync(flow.runs({ limit: FLOW_RUNS }));
  output.json({
    flow: flow.id,
    createdAt: flow.createdAt?.toISOString() ?? null,
    latestRuns: runs.map((run) => runFacts(run)),
  });
  await printRuns(output, runs);
}

async function showRun(context: CliContext, run: Run): Promise<void> {
  const { output } = context;
  const steps = (await Array.fromAsync(run.steps())).toReversed();
  const counts = Map.groupBy(await Array.fromAsync(run.tasks()), ({ stepName }) => stepName);
  const failed = run.successful || !run.finished ? undefined : await run.failedTask();
  if (output.isJson) {
    output.json({
      ...runFacts(run),
      parameters: plainJson(run.parameters),
      command: run.command,
      steps: steps.map((step) => ({ ...stepFacts(step), tasks: countsOf(counts.get(step.id) ?? []) })),
      failedTask: failed?.pathspec ?? null,
    });
    return;
  }
  const parameters = Object.entries(run.parameters).map(([name, value]) => `${name} = ${valueText(value)}`);
  output.line({ style: 'bold', text: run.pathspec }, '  ', statusPart(run.status, run.reason));
  output.table(
    facts([
      ['reason', run.reason && firstLine(describeReason(run.reason))],
      ['kind', run.kind === 'spin' ? 'spin' : undefined],
      ...times(await spanOf(run)),
      ['user', run.user],
      ['tags', run.userTags.join(', ')],
      ['system tags', run.systemTags.join(', ')],
      ['origin run', run.originRunId === undefined ? undefined : `${run.flowName}/${run.originRunId}`],
      ['command', formatCommand(run.command)],
      ...parameters.map((text, index): Fact => [index === 0 ? 'parameters' : '', text]),
    ]),
    '  ',
  );
  output.line();
  output.table(
    [
      headings('STEP', 'TASKS', startedHeading(), 'DURATION'),
      ...steps.map((step) => {
        const tasks = counts.get(step.id) ?? [];
        const span = stepSpan(step, tasks);
        return [step.id, countsText(countsOf(tasks)), toTheSecond(span.createdAt), spanText(span)];
      }),
    ],
    '  ',
  );
  if (failed === undefined) return;
  output.line();
  output.line('  failed task  ', { style: 'red', text: failed.pathspec });
  output.line('  see why      ', racewayCommand(context, 'why', run.pathspec));
}

async function showStep(output: Output, step: Step): Promise<void> {
  const tasks = (await Array.fromAsync(step.tasks())).toReversed();
  output.json({ ...stepFacts(step), tasks: tasks.map((task) => taskFacts(task)) });
  output.line({ style: 'bold', text: step.pathspec }, `  ${countsText(countsOf(tasks))}`);
  output.table(facts(times(stepSpan(step, tasks))), '  ');
  output.line();
  output.table(
    [
      headings('TASK', 'STATUS', 'INDEX', 'ATTEMPTS', startedHeading(), 'DURATION'),
      ...tasks.map((task) => [
        task.id,
        statusPart(task.status, task.reason),
        String(task.index ?? ''),
        String(task.attempts.length),
        toTheSecond(taskSpan(task).createdAt),
        spanText(taskSpan(task)),
      ]),
    ],
    '  ',
  );
}

async function showTask(
  output: Output,
  task: Task,
  { withValues, isSpun }: { withValues: boolean; isSpun: boolean },
): Promise<void> {
  const parents = await pathspecs(task.parentTasks());
  const children = await pathspecs(task.childTasks());
  const artifacts = await Promise.all(
    (await Array.fromAsync(task.artifacts())).map(async (artifact) => ({
      artifact,
      shown: withValues ? await shownValue(artifact) : undefined,
    })),
  );
  if (output.isJson) {
    output.json({
      ...taskFacts(task),
      attempts: task.attempts.map(({ number, status, reason, caught, startedAt, finishedAt }) => ({
        number,
        status,
        reason: reason ?? null,
        caught: caught ?? null,
        startedAt: startedAt.toISOString(),
        finishedAt: finishedAt?.toISOString() ?? null,
      })),
      item: plainJson(task.item) ?? null,
      parametersRead: task.parametersRead ?? null,
      parentTasks: parents,
      childTasks: children,
      exception: task.exception ?? null,
      artifacts: artifacts.map(({ artifact, shown }) => artifactFacts(artifact, shown)),
    });
    return;
  }
  output.line({ style: 'bold', text: task.pathspec }, '  ', statusPart(task.status, task.reason));
  output.table(
    facts([
      ['reason', task.exception === undefined && task.reason ? firstLine(describeReason(task.reason)) : undefined],
      ['caught', task.caught && firstLine(describeReason(task.caught))],
      ...times(taskSpan(task)),
      ['item', task.index === undefined ? undefined : `${valueText(task.item)}, number ${task.index} of the foreach`],
      [isSpun ? 'origin task' : 'taken over from', task.originPathspec],
      ['parents', parents.join(', ')],
      ['children', children.join(', ')],
      ['parameters read', task.parametersRead?.join(', ')],
    ]),
    '  ',
  );
  if (task.attempts.length > 1) {
    output.line();
    const rows = task.attempts.map(({ number, status, reason, startedAt, finishedAt }) => [
      String(number),
      statusPart(status, reason),
      toTheSecond(startedAt),
      spanText({ createdAt: startedAt, finishedAt, reason }),
    ]);
    output.table([headings('ATTEMPT', 'STATUS', startedHeading(), 'DURATION'), ...rows], '  ');
  }
  if (artifacts.length > 0) {
    output.line();
    const rows = artifacts.map(({ artifact: { name, type, sizeBytes }, shown }) => [
      name,
      type,
      formatBytes(sizeBytes),
      ...(shown === undefined ? [] : [shownText(shown, 1000)]),
    ]);
    output.table([headings('ARTIFACT', 'TYPE', 'SIZE', ...(withValues ? ['VALUE'] : [])), ...rows], '  ');
  }
  if (task.exception !== undefined) {
    output.line();
    printException(output, task.exception, '  ');
  }
}

type Fact = readonly [name: string, text: string | undefined];

/** Without those that there is nothing to say of. */
function facts(all: readonly Fact[]): readonly (readonly Part[])[] {
  return all.flatMap(([name, text]) =>
    text === undefined || text === '' ? [] : [[{ style: 'dim', text: name } as const, text]],
  );
}

function times(span: Span): readonly Fact[] {
  const { createdAt, finishedAt, reason } = span;
  const started: Fact = ['started', withOffset(createdAt)];
  if (finishedAt === undefined) return [started, ['running for', spanText(span)]];
  const isLost = reason?.kind === 'lost';
  const after = isLost && finishedAt <= createdAt ? '' : ` (after ${spanText(span)})`;
  return [started, [isLost ? 'last heard of' : 'ended', `${withOffset(finishedAt)}${after}`]];
}

/** What a step that was taken over, whole or in part, has of the run that executed it. */
function stepSpan({ createdAt, finishedAt }: Step, tasks: readonly Task[]): Span {
  const spans = tasks.map((task) => taskSpan(task));
  const started = Math.min(createdAt.getTime(), ...spans.map((span) => span.createdAt.getTime()));
  const lost = spans.filter(({ reason }) => reason?.kind === 'lost');
  const whole = { createdAt: new Date(started), finishedAt, reason: lost[0]?.reason };
  return heardUntil(
    whole,
    lost.flatMap((span) => span.finishedAt ?? []),
  );
}

/** `2026-11-21 10:00:00 +01:00`, local time. */
function withOffset(time: Date): string {
  const minutes = -time.getTimezoneOffset();
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${toTheSecond(time)} ${minutes < 0 ? '-' : '+'}${two(hours)}:${two(rest)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

function headings(...texts: readonly string[]): readonly Part[] {
  return texts.map((text) => ({ style: 'dim', text }));
}

function stepFacts({ pathspec, id, createdAt, finishedAt, sourceSha256 }: Step): object {
  return {
    pathspec,
    step: id,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    sourceSha256,
  };
}

function countsOf(tasks: readonly Task[]): Readonly<Record<TaskStatus, number>> {
  const counts = { running: 0, successful: 0, failed: 0 };
  for (const { status } of tasks) counts[status] += 1;
  return counts;
}

function countsText(counts: Readonly<Record<TaskStatus, number>>): string {
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  return present.map(([status, count]) => `${count} ${status}`).join(', ');
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

async function pathspecs(tasks: AsyncIterable<Task>): Promise<readonly string[]> {
  return (await Array.fromAsync(tasks)).map(({ pathspec }) => pathspec);
}
