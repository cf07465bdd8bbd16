import type { Home } from '../../client/home.ts';
import type { Run } from '../../client/run.ts';
import { InvalidOptionError, RacewayError } from '../../core/errors.ts';
import { formatDuration } from '../../core/format-duration.ts';
import { canAsk, confirm } from '../confirm.ts';
import { contextHome, type CliContext } from '../context.ts';
import { checkWhole, findPlace } from '../place.ts';
import { racewayCommand } from '../raceway-command.ts';
import { runFacts } from '../run-facts.ts';
import { statusPart } from '../status-part.ts';

interface RmOptions {
  readonly olderThan?: number;
  readonly status?: readonly Run['status'][];
  readonly flow?: readonly string[];
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** Runs that are to be removed. */
interface Selection {
  readonly runs: readonly Run[];
  /** The pathspecs of those that were named; the others were found by what they have in common. */
  readonly named: ReadonlySet<string>;
  /** Whether that is all that was asked for. */
  readonly areNamed: boolean;
  /** How many that were meant are not among them, since they go on. */
  readonly goingOn: number;
}

/** `rm`: removes runs that have ended. */
export async function rm(context: CliContext): Promise<number> {
  const { output, words, options } = context;
  const wanted: RmOptions = options;
  await using home = await contextHome(context);
  const selection = await select(home, { words, options: wanted });
  const { runs, areNamed, goingOn } = selection;
  if (goingOn > 0) output.note(`Still going on, and left out: ${count(goingOn)}.`);
  if (runs.length === 0) {
    if (goingOn === 0) output.note('There are no such runs.');
    return 0;
  }
  if (wanted.dryRun === true) {
    for (const run of runs) {
      output.json({ ...runFacts(run), removed: false });
      output.line(run.pathspec, '  ', statusPart(run.status, run.reason), `  ${ago(run)}`);
    }
    output.line(`${count(runs.length)} would be removed.`);
    return 0;
  }
  if (wanted.yes !== true && !(areNamed && (runs.length === 1 || !canAsk()))) {
    if (!canAsk()) {
      throw new InvalidOptionError(
        { option: 'yes' },
        `${count(runs.length)} would be removed, and there is nobody to ask`,
        `Say --yes, or name each of them as Flow/run; ${racewayCommand(context, 'ls')} shows them.`,
      );
    }
    for (const run of runs) output.note(`${run.pathspec}  ${run.status}  ${ago(run)}`);
    if (!(await confirm(output, `Remove ${count(runs.length)}?`))) {
      output.note('Nothing was removed.');
      return 1;
    }
  }
  return await removeAll(context, selection);
}

async function removeAll(context: CliContext, { runs, named }: Selection): Promise<number> {
  const { output } = context;
  let removed = 0;
  let status = 0;
  for (const run of runs) {
    try {
      await run.remove();
      removed += 1;
      output.json({ ...runFacts(run), removed: true });
      output.line('Removed ', run.pathspec, ' (', statusPart(run.status), `, ${ago(run)})`);
    } catch (error) {
      if (!(error instanceof RacewayError) || (error.code !== 'RUNNING' && error.code !== 'NOT_FOUND')) throw error;
      output.error(error.message, error.code); // the others are removed all the same
      if (named.has(run.pathspec)) status = 1;
    }
  }
  if (removed > 0)
    output.line(racewayCommand(context, 'gc'), ' gives back the room of artifacts that no other run has.');
  return status;
}

async function select(
  home: Home,
  { words, options }: { words: readonly string[]; options: RmOptions },
): Promise<Selection> {
  const { olderThan, status, flow: flows = [] } = options;
  const hasFilter = olderThan !== undefined || status !== undefined || flows.length > 0;
  if (words.length === 0 && !hasFilter) {
    throw new InvalidOptionError(
      { option: 'pathspec' },
      'it is not said which runs to remove',
      'Name them as Flow/run, or say --flow, --status or --older-than.',
    );
  }
  const createdBefore = olderThan === undefined ? Infinity : Date.now() - olderThan;
  const places = await Promise.all(words.map((word) => findPlace(home, word)));
  const selected = new Map<string, Run>();
  for (const [index, place] of places.entries()) {
    checkWhole(place, { word: words[index] ?? '', does: 'remove' });
    if (place.depth === 'run') selected.set(place.run.pathspec, place.run);
  }
  const areNamed = !hasFilter && places.every(({ depth }) => depth === 'run');
  const named = new Set(selected.keys());
  const namedFlows = [...flows, ...places.flatMap((place) => (place.depth === 'flow' ? [place.flow] : []))];
  const wanted = namedFlows.length === 0 && words.length === 0 ? await namesOfFlows(home) : namedFlows;
  for (const flow of wanted) {
    for (const kind of ['run', 'spin'] as const) {
      for await (const run of home.flow(flow).runs({ kind })) selected.set(run.pathspec, run);
    }
  }
  const meant = [...selected.values()].filter(
    (run) => run.createdAt.getTime() < createdBefore && (status === undefined || status.includes(run.status)),
  );
  const runs = meant.filter((run) => run.finished || named.has(run.pathspec)); // to name one that goes on is an error
  return { runs, named, areNamed, goingOn: meant.length - runs.length };
}

async function namesOfFlows(home: Home): Promise<readonly string[]> {
  return (await Array.fromAsync(home.flows())).map(({ id }) => id);
}

function count(runs: number): string {
  return runs === 1 ? '1 run' : `${runs} runs`;
}

function ago(run: Run): string {
  return `started ${formatDuration(Date.now() - run.createdAt.getTime())} ago`;
}
