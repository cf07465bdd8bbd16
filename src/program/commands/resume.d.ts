import type { ProgramContext } from '../program.ts';
import type { Workers } from '../workers.ts';
/** `resume`: a new run that takes over what an earlier one finished. */
export declare function resume(context: ProgramContext, workers: Workers): Promise<number>;
