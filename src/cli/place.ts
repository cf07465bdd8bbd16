import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import { formatPathspec, parsePathspec, type Pathspec } from '../core/pathspec.ts';

/** What a word on the command line names. A run is there when one was named; whether it has the step or task is not known yet. */
export type Place =
  | { readonly depth: 'flow'; readonly flow: string }
  | { readonly depth: 'run'; readonly run: Run }
  | { readonly depth: 'step'; readonly run: Run; readonly step: string }
  | { readonly depth: 'task'; readonly run: Run; readonly step: string; readonly task: string };

/**
 * Finds what a word means: `Flow/run/step/task` or the beginning of it. The flow may be left out, since the ids of runs are
 * numbers and hardly ever the same (`run/step`); and the run, which is the latest one then (`Flow/step`).
 *
 * @throws {RacewayError} `PATHSPEC` when it is no pathspec, or several flows have a run of that id
 * @throws {NotFoundError} when there is no such flow or run
 */
export async function findPlace(home: Home, word: string): Promise<Place> {
  const { flow, run: runId, step, task } = await withFlow(home, parsePathspec(word));
  if (runId === undefined) {
    await knownFlow(home, flow);
    return { depth: 'flow', flow };
  }
  if (!isRunId(runId)) {
    if (task !== undefined) {
      throw new RacewayError(
        'PATHSPEC',
        `${JSON.stringify(word)} is not a pathspec: ${JSON.stringify(runId)} is not the id of a run`,
        'Behind a flow stands a run, flow/run/step/task, or if its latest is meant a step: flow/step/task.',
      );
    }
    return below(await latestRun(home, flow), runId, step);
  }
  return below(await home.run(`${flow}/${runId}`), step, task);
}

/** The run that a place is, or is in: that of a flow is its latest. @throws {NotFoundError} when a flow has no run */
export async function runOf(home: Home, place: Place): Promise<Run> {
  return place.depth === 'flow' ? latestRun(home, place.flow) : place.run;
}

const DONE = { remove: 'removed', resume: 'resumed', stop: 'stopped' } as const;

/**
 * Says that a place is a flow or a run, where only whole runs will do: what stands behind the run is not left out in silence.
 *
 * @param word how the place was named
 * @param does what is to be done with the run
 * @param advice instead of the name of its run
 * @throws {RacewayError} `PATHSPEC` when it is a step or a task
 */
export function checkWhole(
  place: Place,
  {
    word,
    does,
    advice,
  }: { readonly word: string; readonly does: keyof typeof DONE; readonly advice?: string | undefined },
): asserts place is Exclude<Place, { depth: 'step' | 'task' }> {
  if (place.depth !== 'step' && place.depth !== 'task') return;
  throw new RacewayError(
    'PATHSPEC',
    `cannot ${does} ${word}: it is a ${place.depth}, and only whole runs can be ${DONE[does]}`,
    advice ?? `Its run is ${place.run.pathspec}.`,
  );
}

/** Of a word alone a step may have been meant, of a flow's latest run. @throws as `findPlace` */
async function knownFlow(home: Home, flow: string): Promise<void> {
  try {
    await home.flow(flow).refresh();
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    const meant: string[] = [];
    for await (const { id, ...one } of stepsOfLatestRuns(home)) if (id === flow) meant.push(`${one.flow}/${id}`);
    if (meant.length === 0) throw error;
    const [first = ''] = error.message.split('\n');
    throw new NotFoundError(flow, first, `Did you mean the step ${meant.join(' or ')}?`);
  }
}

async function* stepsOfLatestRuns(home: Home): AsyncGenerator<{ readonly flow: string; readonly id: string }> {
  for await (const flow of home.flows()) {
    const run = await flow.latestRun();
    for await (const { id } of run?.steps() ?? []) yield { flow: flow.id, id };
  }
}

async function latestRun(home: Home, flow: string): Promise<Run> {
  const run = await home.flow(flow).latestRun();
  if (run !== undefined) return run;
  throw new NotFoundError(flow, `${flow} has no runs in the home ${home.path}`, 'Start one: raceway run <file>.');
}

function below(run: Run, step: string | undefined, task: string | undefined): Place {
  if (step === undefined) return { depth: 'run', run };
  return task === undefined ? { depth: 'step', run, step } : { depth: 'task', run, step, task };
}

function isRunId(part: string): boolean {
  return /^\d+$/.test(part);
}

/** Puts the flow in front of a pathspec that begins with the id of a run. */
async function withFlow(home: Home, place: Pathspec): Promise<Pathspec> {
  const { flow: runId, run: step, step: task, task: more } = place;
  if (!isRunId(runId)) return place;
  if (more !== undefined) {
    throw new RacewayError(
      'PATHSPEC',
      `"${formatPathspec(place)}" is not a pathspec: ${runId} is a run, and behind it stand a step and a task at most`,
      `A task is ${runId}/${step}/${task}; \`raceway show\` has what it left.`,
    );
  }
  const found: string[] = [];
  for await (const flow of home.flows()) {
    if (await hasRun(home, `${flow.id}/${runId}`)) found.push(flow.id);
  }
  const [flow, another] = found;
  if (flow !== undefined && another === undefined) return { flow, run: runId, step, task };
  if (flow !== undefined) {
    throw new RacewayError(
      'PATHSPEC',
      `several flows have a run ${runId}`,
      `Name the flow: ${found
        .toSorted()
        .map((name) => `${name}/${runId}`)
        .join(' or ')}.`,
    );
  }
  const all = (await Array.fromAsync(home.flows(), (one) => one.latestRun())).filter((run) => run !== undefined);
  const [latest] = all.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  throw new NotFoundError(
    runId,
    `there is no run ${runId} in the home ${home.path}`,
    latest === undefined ? 'There are no runs at all.' : `The latest run is ${latest.pathspec}.`,
  );
}

async function hasRun(home: Home, pathspec: string): Promise<boolean> {
  try {
    await home.run(pathspec);
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}
