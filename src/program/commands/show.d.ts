import type { ProgramContext } from '../program.ts';
/** `show`: the flow for people. */
export declare function show({ definition }: ProgramContext): Promise<number>;
