import { statSync } from 'node:fs';
import type { Home } from '../../client/home.ts';
import type { Run } from '../../client/run.ts';
import { NotFoundError, RacewayError } from '../../core/errors.ts';
import { interpreterOf } from '../../runner/interpreter.ts';
import { askScript, givenFlowFile } from '../ask-script.ts';
import { contextHome, type CliContext } from '../context.ts';
import { executeRun } from '../execute-run.ts';
import { latestFailed } from '../latest-failed.ts';
import { checkWhole, findPlace, runOf } from '../place.ts';
import { racewayCommand } from '../raceway-command.ts';
import { scriptOf } from '../script-of.ts';

/** `resume`: a run that takes over what another one finished. */
export async function resume(context: CliContext): Promise<number> {
  const { words, options } = context;
  const { file, step, dryRun } = options as { file?: string; step?: string; dryRun?: boolean };
  // What stands first may be an option for the flow script already.
  const [word, argv] = words[0]?.startsWith('-') === true ? [undefined, words] : [words[0], words.slice(1)];
  await using home = await contextHome(context);
  const origin = word === undefined ? await latest(home) : await named(context, home, word);
  if (origin.kind === 'spin') {
    throw new RacewayError(
      'RESUME',
      `cannot resume ${origin.pathspec}: it is a spin, one task alone, and nothing follows it`,
      origin.originRunId === undefined
        ? 'Resume the run that its task is from, or spin it again.'
        : `Resume the run that its task is from, ${origin.flowName}/${origin.originRunId}, or spin it again.`,
    );
  }
  if (origin.successful && step === undefined && argv.length === 0) {
    throw new RacewayError(
      'RESUME',
      `${origin.pathspec} has succeeded: nothing of it is left to run`,
      `Name the step to run again from: ${racewayCommand(context, 'resume')} --step=<name> ${origin.pathspec}`,
    );
  }
  if (file !== undefined) await checkFile(file, { origin, home });
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

/** A script of another flow could only say that it knows no such run. @throws {InvalidOptionError} when it is one */
async function checkFile(file: string, { origin, home }: { origin: Run; home: Home }): Promise<void> {
  const givenFile = givenFlowFile(file);
  // A program that is no script of raceway's judges by itself, as does a script that cannot say what it is.
  if (interpreterOf(file, { compileCache: undefined }).kind === 'native')
    await askScript(origin, { home: home.path, givenFile });
}

async function named(context: CliContext, home: Home, word: string): Promise<Run> {
  if (statSync(word, { throwIfNoEntry: false })?.isFile() === true) {
    throw new RacewayError(
      'PATHSPEC',
      `cannot resume ${word}: it is a file, and a run is wanted`,
      `The latest run that failed, with this script: ${racewayCommand(context, 'resume', `--file=${word}`)}`,
    );
  }
  const place = await findPlace(home, word);
  const advice =
    'step' in place
      ? `Run again from this step on: ${racewayCommand(context, 'resume', `--step=${place.step}`, place.run.pathspec)}`
      : undefined;
  checkWhole(place, { word, does: 'resume', advice });
  return await runOf(home, place);
}

async function latest(home: Home): Promise<Run> {
  const run = await latestFailed(home, { unlessResuming: true });
  if (run !== undefined) return run;
  const resuming = await latestFailed(home);
  if (resuming !== undefined) {
    throw new NotFoundError(
      '',
      `a resume of ${resuming.pathspec} is going on, and no other run in the home ${home.path} is left to resume`,
      'Wait for it: `raceway ls --status=running` lists it. Or name a run: Flow/run.',
    );
  }
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
