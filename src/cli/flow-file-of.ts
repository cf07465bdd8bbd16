import { existsSync } from 'node:fs';
import type { Run } from '../client/run.ts';
import { FlowFileError } from '../core/errors.ts';

/**
 * The flow script of a run, as its command has it.
 *
 * @throws {FlowFileError} when it is not there any more
 */
export function flowFileOf({ command, pathspec }: Run): string {
  const file = command[1] ?? '';
  if (existsSync(file)) return file;
  throw new FlowFileError(
    file,
    `the flow script of ${pathspec} is not there any more: ${file}`,
    'If it has moved, say where it is with --file.',
  );
}
