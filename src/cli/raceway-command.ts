import { formatCommand } from '../core/format-command.ts';
import type { CliContext } from './context.ts';

/** A command to raceway itself, to be pasted: it names the home where this one did, since it would look elsewhere. */
export function racewayCommand({ home }: Pick<CliContext, 'home'>, ...words: readonly string[]): string {
  return formatCommand(['raceway', ...(home === undefined ? [] : [`--home=${home}`]), ...words]);
}
