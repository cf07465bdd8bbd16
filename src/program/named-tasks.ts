import { openHome } from '../client/home.ts';
import type { Task } from '../client/task.ts';
import { RacewayError } from '../core/errors.ts';
import { formatPathspec } from '../core/pathspec.ts';
import { ownPathspec } from './own-pathspec.ts';
import type { ProgramContext } from './program.ts';

/**
 * The tasks that a word such as `run/step` or `run/step/task` names, the flow's name in front or not, oldest first.
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
  const place = ownPathspec(word, definition.name);
  if (place.run === undefined || (place.step === undefined && !mayBeRun)) {
    throw new RacewayError(
      'PATHSPEC',
      `${JSON.stringify(word)} names no task`,
      'Give run/step or run/step/task, as in 1763719200123456/start.',
    );
  }
  const pathspec = formatPathspec(place);
  const home = await openHome({ home: commandLine.topLevel.home });
  if (place.step === undefined) return (await Array.fromAsync((await home.run(pathspec)).tasks())).toReversed();
  if (place.task !== undefined) return [await home.task(pathspec)];
  return (await Array.fromAsync((await home.step(pathspec)).tasks())).toReversed();
}
