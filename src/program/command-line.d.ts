import { type TopLevelOptions } from '../core/flags.ts';
import { type CommandName } from './commands.ts';
/** What a flow script was asked to do. */
export interface CommandLine {
  readonly command: CommandName | undefined;
  readonly wantsHelp: boolean;
  readonly topLevel: TopLevelOptions;
  /** The command's own options, by their name in the table; of the type the table says. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The words after the command. */
  readonly words: readonly string[];
  /** Parameters as text. */
  readonly parameters: ReadonlyMap<string, string>;
}
/**
 * Reads the arguments of a flow script; options that stand before the command may stand behind it as well. What is not
 * given comes from the environment: `RACEWAY_<FLAG>`, `RACEWAY_<COMMAND>_<FLAG>`, and for `run` `RACEWAY_RUN_<PARAMETER>`.
 *
 * @throws {InvalidOptionError} for an unknown option or command, a missing or wrong value, or words that do not belong
 */
export declare function parseCommandLine(
  argv: readonly string[],
  {
    parameterNames,
    environment,
  }: {
    parameterNames: readonly string[];
    environment: NodeJS.ProcessEnv;
  },
): CommandLine;
