import { dirname } from 'node:path';
import { formatCommand } from '../core/format-command.ts';

/**
 * The command that looks into the home of a database, to be pasted. It names the home, since whoever pastes it may be where
 * another one would be found.
 */
export function doctorCommand(databaseFile: string, ...flags: readonly string[]): string {
  return formatCommand(['raceway', `--home=${dirname(databaseFile)}`, 'doctor', ...flags]);
}
