import type { Run } from '../client/run.ts';
import { FlowFileError } from '../core/errors.ts';
import { flowFileOf } from './again-commands.ts';
import { distrust } from './distrust.ts';

/**
 * The flow script of a run, to be executed again.
 *
 * @param home the folder of the home
 * @throws {FlowFileError} when it is not there, or might not be what this user wants to execute (`distrust`)
 */
export function scriptOf(run: Run, home: string): string {
  const file = flowFileOf(run);
  const against =
    file === undefined ? 'its command names no flow script' : distrust(file, { flow: run.flowName, home });
  if (file !== undefined && against === undefined) return file;
  throw new FlowFileError(
    file ?? '',
    `cannot tell what to execute for ${run.pathspec}: ${against}`,
    'Say which flow script it is: --file=<file>.',
  );
}
