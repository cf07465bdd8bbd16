import type { ProgramContext } from '../program.ts';
import type { Workers } from '../workers.ts';
/** `run`: a new run from the start. */
export declare function run(context: ProgramContext, workers: Workers): Promise<number>;
