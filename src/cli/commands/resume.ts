import type { Home } from '../../client/home.ts';
import type { Run } from '../../client/run.ts';
import { NotFoundError, RacewayError } from '../../core/errors.ts';
import { contextHome, type CliContext } from '../context.ts';
import { executeRun } from '../execute-run.ts';
import { latestFailed } from '../latest-failed.ts';
import { findRun } from '../place.ts';
import { scriptOf } from '../script-of.ts';

/** `resume`: a run that takes over what another one finished. */
export async function resume(context: CliContext): Promise<number> {
  const { words, options } = context;
  const { file, step, dryRun } = options as { file?: string; step?: string; dryRun?: boolean };
  // What stands first may be an option for the flow script already.
  const [word, argv] = words[0]?.startsWith('-') === true ? [undefined, words] : [words[0], words.slice(1)];
  await using home = await contextHome(context);
  const origin = word === undefined ? await latest(home) : await findRun(home, word);
  if (origin.successful && step === undefined && argv.length === 0) {
    throw new RacewayError(
      'RESUME',
      `${origin.pathspec} has succeeded: nothing of it is left to run`,
      `Name the step to run again from: raceway resume --step=<name> ${origin.pathspec}`,
    );
  }
  return await executeRun(context, {
    file: file ?? scriptOf(origin, home.path),
    command: 'resume',
    argv: [
      ...(step === undefined ? [] : [checkedStep(step)]),
      `--origin-run-id=${origin.id}`,
      ...(dryRun === true ? ['--dry-run'] : []),
      ...argv,
    ],
    home: home.path,
  });
}

async function latest(home: Home): Promise<Run> {
  const run = await latestFailed(home);
  if (run !== undefined) return run;
  throw new NotFoundError(
    '',
    `no run in the home ${home.path} has failed, or a resume has made it good`,
    'Name a run: Flow/run. `raceway ls` lists them.',
  );
}

function checkedStep(step: string): string {
  if (!step.startsWith('-')) return step;
  throw new RacewayError(
    'PATHSPEC',
    `${JSON.stringify(step)} cannot be the name of a step`,
    'Give the name of a step.',
  );
}
