import { type Home, openHome } from '../client/home.ts';
import type { Output } from './output.ts';

/** What a command works with. */
export interface CliContext {
  readonly output: Output;
  /** What stands behind the command and is no option. */
  readonly words: readonly string[];
  /** By name in camelCase, as they were read; each command knows its own. */
  readonly options: Readonly<Record<string, unknown>>;
  /** `--home`, for what looks for a home by itself. */
  readonly home: string | undefined;
}

/** What a command does. Resolves with the exit status; nothing is 0. */
export type CliAction = (context: CliContext) => Promise<number | void>;

/**
 * Opens the home that the command line means.
 *
 * @throws {RacewayError} `HOME` when there is none
 */
export function contextHome({ home }: Pick<CliContext, 'home'>): Promise<Home> {
  return openHome({ home });
}
