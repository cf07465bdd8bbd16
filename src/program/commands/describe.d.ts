import type { ProgramContext } from '../program.ts';
/** `describe --json`: everything a program needs to know to offer the flow to somebody. */
export declare function describe({ definition }: ProgramContext): Promise<number>;
