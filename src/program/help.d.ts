import type { ProgramContext } from './program.ts';
/** The text of `--help`, for the program or for the command that stands beside it. */
export declare function formatHelp({ definition, commandLine, script }: ProgramContext): string;
