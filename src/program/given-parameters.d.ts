import type { GivenValue } from '../flow/resolve-parameters.ts';
import type { CommandLine } from './command-line.ts';
/** The parameters a run was given: on the command line, in the environment, or in the file a Runner wrote. */
export declare function givenParameters({ parameters, options }: CommandLine): ReadonlyMap<string, GivenValue>;
