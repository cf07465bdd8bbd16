import type { Home } from '../../client/home.ts';
import type { Run } from '../../client/run.ts';
import type { RunsOptions } from '../../client/flow.ts';
import { RacewayError } from '../../core/errors.ts';
import { contextHome, type CliContext } from '../context.ts';
import { racewayCommand } from '../raceway-command.ts';
import { runFacts } from '../run-facts.ts';
import { printRuns } from '../run-table.ts';

const DEFAULT_LIMIT = 20;

/** `ls`: runs, newest first. */
export async function ls(context: CliContext): Promise<void> {
  const { output, words, options } = context;
  const {
    status,
    tag,
    user,
    since,
    limit = DEFAULT_LIMIT,
    spins,
    quiet,
  } = options as {
    status?: readonly Run['status'][];
    tag?: readonly string[];
    user?: string;
    since?: Date;
    limit?: number;
    spins?: boolean;
    quiet?: boolean;
  };
  const [flow] = words;
  if (flow?.includes('/') === true) {
    throw new RacewayError(
      'PATHSPEC',
      `cannot list the runs of ${flow}: it is no flow`,
      `For one run: ${racewayCommand(context, 'show', flow)}.`,
    );
  }
  await using home = await contextHome(context);
  const query: RunsOptions = { kind: spins === true ? 'spin' : 'run', status, tags: tag, user, since };
  const runs = newestFirst(home, { flow, query, limit });
  if (output.isJson) {
    for await (const run of runs) output.json(runFacts(run));
    return;
  }
  if (quiet === true) {
    for await (const run of runs) output.line(run.pathspec);
    return;
  }
  const listed = await Array.fromAsync(runs);
  if (listed.length > 0) await printRuns(output, listed);
  else if (limit > 0) output.note(`There are no such runs in the home ${home.path}.`);
}

/** The runs of one flow or of all; each flow has its own in order already. */
async function* newestFirst(
  home: Home,
  { flow, query, limit }: { flow: string | undefined; query: RunsOptions; limit: number },
): AsyncGenerator<Run> {
  const flows = flow === undefined ? await Array.fromAsync(home.flows()) : [home.flow(flow)];
  const lists = await Promise.all(
    flows.map(async (one) => {
      const rest = one.runs({ ...query, limit });
      return { rest, next: await rest.next() };
    }),
  );
  for (let left = limit; left > 0; left--) {
    const [newest] = lists
      .filter(({ next }) => next.done !== true)
      .toSorted((a, b) => (b.next.value?.createdAt.getTime() ?? 0) - (a.next.value?.createdAt.getTime() ?? 0));
    if (newest?.next.value === undefined) return;
    yield newest.next.value;
    newest.next = await newest.rest.next();
  }
}
