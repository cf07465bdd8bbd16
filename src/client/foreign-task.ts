import { parsePathspec } from '../core/pathspec.ts';
import { foreign } from './foreign.ts';
import { Task } from './task.ts';

/**
 * As `foreignRun`, for a task: it has `id`, `pathspec` and `stepName`.
 *
 * @throws {RacewayError} `PATHSPEC` when this is no pathspec of a task
 */
export function foreignTask(pathspec: string): Task {
  const { step: stepName, task: id } = parsePathspec(pathspec, 'task');
  return foreign<Task>(Task, { id, stepName, pathspec });
}
