import { parsePathspec, type Pathspec } from '../core/pathspec.ts';

/**
 * Reads a pathspec of a flow's own, its name in front or not.
 *
 * @throws {RacewayError} `PATHSPEC` when it is none
 *
 * @example
 * ownPathspec('17/start', 'SlowFlow'); // { flow: 'SlowFlow', run: '17', step: 'start', task: undefined }
 */
export function ownPathspec(text: string, flow: string): Pathspec {
  return parsePathspec(text.startsWith(`${flow}/`) ? text : `${flow}/${text}`);
}
