import { type Home, openHome } from '../client/home.ts';
import type { Task } from '../client/task.ts';
import { RacewayError } from '../core/errors.ts';
import { formatPathspec, type Pathspec } from '../core/pathspec.ts';
import { ownPathspec } from './own-pathspec.ts';
import type { ProgramContext } from './program.ts';

/**
 * The tasks that a word such as `run/step` or `run/step/task` names, the flow's name in front or not, oldest first. Without a
 * run, as in `step` or `step/task`, the latest run of the flow is meant.
 *
 * @param options.word the first one behind the command unless said otherwise
 * @param options.mayBeRun whether a run stands for all its tasks
 * @throws {RacewayError} `PATHSPEC` when it is no such word
 * @throws {NotFoundError} when there is none
 */
export async function namedTasks(
  { definition, commandLine }: ProgramContext,
  { word = commandLine.words[0] ?? '', mayBeRun = false }: { word?: string | undefined; mayBeRun?: boolean } = {},
): Promise<readonly Task[]> {
  const named = ownPathspec(word, definition.name);
  const home = await openHome({ home: commandLine.topLevel.home });
  const place = await withRun(home, named);
  if (place.run === undefined || (place.step === undefined && !mayBeRun)) {
    throw new RacewayError(
      'PATHSPEC',
      `${JSON.stringify(word)} names no task`,
      'Give step, run/step or run/step/task, as in 1763719200123456/start.',
    );
  }
  const pathspec = formatPathspec(place);
  if (place.step === undefined) return (await Array.fromAsync((await home.run(pathspec)).tasks())).toReversed();
  if (place.task !== undefined) return [await home.task(pathspec)];
  return (await Array.fromAsync((await home.step(pathspec)).tasks())).toReversed();
}

/** The ids of runs are numbers, and the names of steps are none. */
async function withRun(home: Home, place: Pathspec): Promise<Pathspec> {
  const { flow, run, step } = place;
  if (run === undefined || /^\d+$/.test(run)) return place;
  const latest = await home.flow(flow).latestRun();
  return latest === undefined ? place : { flow, run: latest.id, step: run, task: step };
}
