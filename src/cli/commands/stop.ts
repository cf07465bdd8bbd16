import type { Home } from '../../client/home.ts';
import type { Run } from '../../client/run.ts';
import { InvalidOptionError, RacewayError } from '../../core/errors.ts';
import { describeReason } from '../../core/status.ts';
import { Runner } from '../../runner/runner.ts';
import { contextHome, type CliContext } from '../context.ts';
import { checkWhole, findPlace, runOf } from '../place.ts';
import { runFacts } from '../run-facts.ts';

/** How many are ended at once: each may take the whole grace. */
const AT_ONCE = 32;

/** `stop`: ends runs, whoever started them. */
export async function stop(context: CliContext): Promise<number> {
  const { output, words, options } = context;
  const { grace, all } = options as { grace?: number; all?: boolean };
  await using home = await contextHome(context);
  const runs = all === true ? await running(home, words) : await named(home, words); // all are there, or none is ended
  if (runs.length === 0) output.note(`No run is going on in the home ${home.path}.`);
  let status = 0;
  const end = async (run: Run): Promise<void> => {
    const { finished: hadEnded } = run;
    try {
      await using executing = await Runner.attach(run.pathspec, { home: home.path });
      await executing.kill({ graceMs: grace });
      await run.refresh();
    } catch (error) {
      if (!(error instanceof RacewayError)) throw error;
      output.error(`${run.pathspec}: ${error.message}`, error.code); // the others are ended all the same
      status = 1;
      return;
    }
    output.json({ ...runFacts(run), hadEnded });
    const why = run.reason === undefined ? '' : `: ${describeReason(run.reason)}`;
    output.line(run.pathspec, hadEnded ? ` had ended already, ${run.status}${why}` : ` is ${run.status}${why}`);
  };
  for (let first = 0; first < runs.length; first += AT_ONCE) {
    await Promise.all(runs.slice(first, first + AT_ONCE).map(end));
  }
  if (all === true) return status;
  for (const flow of new Set(words.filter((word) => !word.includes('/')))) {
    const others = flow === '' || /^\d/.test(flow) ? [] : await running(home, [flow]);
    if (others.length > 0) output.note(`Other runs of ${flow} go on: ${others.map(({ id }) => id).join(', ')}.`);
  }
  return status;
}

async function named(home: Home, words: readonly string[]): Promise<readonly Run[]> {
  if (words.length > 0) {
    return await Promise.all(
      words.map(async (word) => {
        const place = await findPlace(home, word);
        checkWhole(place, { word, does: 'stop' });
        return await runOf(home, place);
      }),
    );
  }
  throw new InvalidOptionError(
    { option: 'run', expected: 'Flow/run' },
    'no run was named',
    'Name one, as in raceway stop Flow/run, or end every run that is going on with --all.',
  );
}

/** The runs that are going on, of these flows or of all. */
async function running(home: Home, flows: readonly string[]): Promise<readonly Run[]> {
  const found: Run[] = [];
  for await (const flow of flows.length === 0 ? home.flows() : flows.map((name) => home.flow(name))) {
    for (const kind of ['run', 'spin'] as const) {
      found.push(...(await Array.fromAsync(flow.runs({ kind, status: 'running' }))));
    }
  }
  return found;
}
