import { suggestion } from '../../client/suggestion.ts';
import { InvalidOptionError, RacewayError } from '../../core/errors.ts';
import type { PlannedTask } from '../../engine/frontier.ts';
import { policiesOf } from '../../engine/run-flow.ts';
import { leftBy, type LeftByTask } from '../../engine/task-sources.ts';
import type { Graph, GraphStep } from '../../flow/graph.ts';
import type { StepPolicy } from '../../flow/step-policy.ts';
import { createTask } from '../../flow/task-instance.ts';
import { prepareBlob } from '../../store/artifact-files.ts';
import { decodeParameters, encodeValue } from '../../store/encoding.ts';
import type { ArtifactRecord, NewBlob, RunReader, TaskRecord } from '../../store/run-store.ts';
import { givenArtifacts } from '../given-artifacts.ts';
import { runValues } from '../flow-values.ts';
import { findOriginPlace, findOriginTask, type OriginTask } from '../origin-task.ts';
import type { ProgramContext } from '../program.ts';
import { RunSession } from '../run-session.ts';
import type { Workers } from '../workers.ts';

/** `spin`: one task of an earlier run again, alone, with the inputs it had. */
export async function spin(context: ProgramContext, workers: Workers): Promise<number> {
  const session = new RunSession(context, workers);
  const { definition, commandLine } = context;
  const { store, home, user } = session;
  const query = { store, home, user, flow: definition.name };
  const given = givenArtifacts(commandLine);
  const place = await findOriginPlace(commandLine.words[0] ?? '', query);
  const { run } = place;
  const before = decodeParameters(run.parameters);
  const parameters = await runValues(context, { origin: before });
  const graph = session.graph(parameters);
  const step = stepOf(graph, place.step);
  const origin = await findOriginTask(place, query);
  const parents = await parentsOf(origin.task, store);
  refuseOtherKind(step, { origin, parents });
  refuseOverrides(given, { context, parameters, step, parents });
  if (origin.choice !== undefined) session.console.remark(origin.choice);
  return session.execute({
    kind: 'spin',
    graph,
    policies: new Map([[step.name, withoutRescue(policiesOf(graph).get(step.name))]]),
    parameters,
    originRunId: run.id,
    first: async (writer) => {
      const { overrides, blobs } = encodeArtifacts(given, home);
      await writer.addBlobs(blobs);
      return {
        frontier: { after: () => [] },
        ready: [plan(origin, { parents, overrides })],
        left: new Map(parents.map(({ task, ...left }) => [task.id, left])),
      };
    },
  });
}

/** A task that the origin task followed, and what it left. */
interface Parent extends LeftByTask {
  readonly task: TaskRecord;
}

function stepOf(graph: Graph, name: string): GraphStep {
  const step = graph.steps.get(name);
  if (step !== undefined) return step;
  const names = [...graph.steps.keys()];
  throw new RacewayError(
    'SPIN',
    `cannot spin "${name}": the flow has no such step now`,
    suggestion(name, names, 'It has none.'),
  );
}

async function parentsOf({ flow, runId, parentIds }: TaskRecord, store: RunReader): Promise<readonly Parent[]> {
  const parents: Parent[] = [];
  for (const id of parentIds) {
    const task = await store.task(flow, runId, id);
    if (task === undefined) throw new Error(`the run ${runId} has no task ${id}, which another follows`);
    parents.push({ task, ...leftBy(task, await store.artifacts(flow, runId, id)) });
  }
  return parents;
}

/** What a join gets and what any other step gets have nothing in common. */
function refuseOtherKind(step: GraphStep, { origin, parents }: { origin: OriginTask; parents: readonly Parent[] }) {
  const wasJoin = joinedNothing(origin.task, parents) || hasLeftSplit(origin.task, parents);
  if (wasJoin === (step.kind === 'join')) return;
  throw new RacewayError(
    'SPIN',
    `cannot spin ${origin.pathspec}: its step ${wasJoin ? 'was a join then and is none' : 'was no join then and is one'} now`,
    'Make it again what it was, or start a new run.',
  );
}

/** A join takes the innermost frame away. */
function hasLeftSplit({ frames }: TaskRecord, [parent]: readonly Parent[]): boolean {
  return parent !== undefined && frames.length < parent.task.frames.length;
}

/** The join of a foreach over nothing follows the split itself, and stands where that does. */
function joinedNothing({ frames }: TaskRecord, [parent]: readonly Parent[]): boolean {
  return parent?.task.transition?.kind === 'foreach' && frames.length === parent.task.frames.length;
}

/** What is given has to be an artifact that the step can find; a misspelt name would go unnoticed. */
function refuseOverrides(
  given: ReadonlyMap<string, unknown>,
  {
    context: { definition },
    parameters,
    step,
    parents,
  }: {
    context: ProgramContext;
    parameters: Readonly<Record<string, unknown>>;
    step: GraphStep;
    parents: readonly Parent[];
  },
): void {
  const [first] = given.keys();
  if (first === undefined) return;
  if (step.kind === 'join') {
    throw new InvalidOptionError(
      { option: 'artifacts', received: first },
      `--artifacts cannot replace ${first}: ${step.name} is a join, which inherits nothing`,
      'Spin one of the tasks before it, or change the step for a try.',
    );
  }
  const fields = createTask(definition.flowClass, { parameters, inherited: [], load: () => undefined }).fields();
  const inherited = parents.flatMap(({ artifacts }) => artifacts);
  const names = [...new Set([...inherited, ...fields].map(({ name }) => name))];
  const unknown = given.keys().find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new InvalidOptionError(
    { option: 'artifacts', expected: names.join(', '), received: unknown },
    `--artifacts cannot replace ${unknown}: the flow has no artifact of that name`,
    definition.parameters.has(unknown)
      ? `It is a parameter; give it as --${unknown}=<value>.`
      : suggestion(unknown, names, 'It has none.'),
  );
}

function encodeArtifacts(
  given: ReadonlyMap<string, unknown>,
  home: string,
): { readonly overrides: readonly ArtifactRecord[]; readonly blobs: readonly NewBlob[] } {
  const overrides: ArtifactRecord[] = [];
  const blobs: NewBlob[] = [];
  for (const [name, value] of given) {
    const encoded = encodeValue(value);
    if (encoded.kind === 'refused') throw new Error(`JSON cannot be stored: it holds ${encoded.what}`);
    const blob = prepareBlob(home, encoded.parts);
    overrides.push({ name, type: encoded.type, sha256: blob.sha256, sizeBytes: blob.sizeBytes });
    blobs.push(blob);
  }
  return { overrides, blobs };
}

function plan(
  { task, pathspec }: OriginTask,
  { parents, overrides }: { parents: readonly Parent[]; overrides: readonly ArtifactRecord[] },
): PlannedTask {
  const { step, parentIds, frames } = task;
  const planned = { step, parentIds, frames, originPathspec: pathspec, overrides };
  return joinedNothing(task, parents) ? { ...planned, joinsNothing: true } : planned;
}

/** Whoever spins a task wants to see it fail: no further attempts, and no error that is caught. */
function withoutRescue(policy: StepPolicy = {}): StepPolicy {
  const { retry: _retry, catchError: _catchError, ...rest } = policy;
  return rest;
}
