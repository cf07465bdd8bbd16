import { isDeepStrictEqual } from 'node:util';
import type { InternalOptions, ResumeOptions } from '../../core/flags.ts';
import { PROTOCOL } from '../../core/attributes.ts';
import { formatPathspec } from '../../core/pathspec.ts';
import { planResume, type ResumePlan, type StepPlan } from '../../engine/resume-plan.ts';
import { Frontier, type PlannedTask } from '../../engine/frontier.ts';
import type { Beginning } from '../../engine/run-flow.ts';
import { leftBy } from '../../engine/task-sources.ts';
import type { Graph } from '../../flow/graph.ts';
import { withoutSecrets } from '../../flow/secret-values.ts';
import { decodeParameters } from '../../store/encoding.ts';
import type { RunRecord, RunStore, RunWriter } from '../../store/run-store.ts';
import { announceRun } from '../attribute-file.ts';
import { runValues } from '../flow-values.ts';
import { originRun } from '../origin-run.ts';
import type { ProgramContext } from '../program.ts';
import { RunSession } from '../run-session.ts';
import type { Workers } from '../workers.ts';

/** `resume`: a new run that takes over what an earlier one finished. */
export async function resume(context: ProgramContext, workers: Workers): Promise<number> {
  const session = new RunSession(context, workers);
  const { definition, commandLine } = context;
  const options = commandLine.options as ResumeOptions & InternalOptions;
  const { store } = session;
  const [stepToRerun] = commandLine.words;
  const origin = await originRun(store, {
    flow: definition.name,
    user: session.user,
    runId: options.originRunId,
    mayHaveSucceeded: stepToRerun !== undefined,
  });
  const before = decodeParameters(origin.parameters);
  const parameters = await runValues(context, { origin: before });
  const graph = session.graph(parameters);
  const plan = planResume({
    graph,
    tasks: await store.tasks(definition.name, origin.id),
    steps: await store.steps(definition.name, origin.id),
    stepToRerun,
    rerunChanged: options.rerunChanged === true,
    // A secret was not kept, so there is no telling whether it is another; a renewed token is no reason to run again.
    changedParameters: differences(
      withoutSecrets(definition.parameters, before),
      withoutSecrets(definition.parameters, parameters),
    ),
  });
  if (options.dryRun === true) {
    process.stdout.write(describePlan(plan, origin));
    announceRun(options.runnerAttributeFile, {
      flow_name: definition.name,
      run_id: origin.id,
      metadata: `raceway@${session.home}`,
      home: session.home,
      protocol: PROTOCOL,
    });
    return 0;
  }
  session.say(`Resuming ${origin.flow}/${origin.id}`);
  for (const step of plan.changedSteps) {
    session.console.remark(
      `The source of step ${step} changed since ${origin.id}; its tasks are taken over (see --rerun-changed).`,
    );
  }
  return session.execute({
    graph,
    parameters,
    tags: [...new Set([...origin.userTags, ...(options.tags ?? [])])],
    originRunId: origin.id,
    first: (writer) => takeOver(plan, { origin, graph, writer, store, session }),
  });
}

function differences(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): ReadonlySet<string> {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return new Set([...names].filter((name) => !isDeepStrictEqual(before[name], now[name])));
}

/** Clones what the plan keeps, and says what is to be executed next. */
async function takeOver(
  { clones }: ResumePlan,
  {
    origin,
    graph,
    writer,
    store,
    session,
  }: { origin: RunRecord; graph: Graph; writer: RunWriter; store: RunStore; session: RunSession },
): Promise<Beginning> {
  const { flow, runId } = writer;
  await writer.cloneTasks(origin.id, clones);
  for (const { originTaskId, taskId, step } of clones) {
    session.console.report({
      type: 'task-cloned',
      pathspec: formatPathspec({ flow, run: runId, step, task: taskId }),
      originPathspec: formatPathspec({ flow, run: origin.id, step, task: originTaskId }),
    });
  }
  // What follows the clones is asked for as if they had just been executed; what has been cloned itself is not ready.
  const frontier = new Frontier(graph);
  const planned = [frontier.first(), ...clones.flatMap((clone) => frontier.after({ ...clone, id: clone.taskId }))];
  const done = new Set(clones.map(identify));
  const artifacts = await store.artifactsByTask(flow, origin.id);
  const left = new Map(clones.map((clone) => [clone.taskId, leftBy(clone, artifacts.get(clone.originTaskId) ?? [])]));
  return { frontier, ready: planned.filter((task) => !done.has(identify(task))), left };
}

/** What tells a task from all others of its run. */
function identify({ step, parentIds, frames }: PlannedTask): string {
  return `${step} ${parentIds.join(',')} ${frames.at(-1)?.slot ?? ''}`;
}

function describePlan({ steps, changedSteps }: ResumePlan, origin: RunRecord): string {
  const width = Math.max(...steps.map(({ step }) => step.length));
  const changed = new Set(changedSteps);
  const lines = steps.map(
    (plan) =>
      `  ${plan.step.padEnd(width)}  ${describeStep(plan)}${changed.has(plan.step) ? '; its source changed' : ''}`,
  );
  return `Resuming ${origin.flow}/${origin.id} would do this:\n${lines.join('\n')}\n`;
}

function describeStep({ cloned, rerun }: StepPlan): string {
  const parts = cloned === 0 ? [] : [`${tasks(cloned)} cloned`];
  for (const [reason, count] of rerun) {
    parts.push(reason === 'it never started' ? `runs: ${reason}` : `${tasks(count)} run again: ${reason}`);
  }
  return parts.join(', ');
}

function tasks(count: number): string {
  return `${count} ${count === 1 ? 'task' : 'tasks'}`;
}
