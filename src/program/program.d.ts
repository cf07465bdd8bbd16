import { type FlowDefinition } from '../flow/definition.ts';
import type { FlowClass } from '../flow/flow-spec.ts';
import { type CommandLine } from './command-line.ts';
/** What a command works with. */
export interface ProgramContext {
  readonly definition: FlowDefinition;
  readonly commandLine: CommandLine;
  /** The flow script as the user would write it. */
  readonly script: string;
}
/** Does what the command line says and ends the process with the status. */
export declare function runProgram(flowClass: FlowClass): Promise<never>;
