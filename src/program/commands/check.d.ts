import type { ProgramContext } from '../program.ts';
/** `check`: the lint alone. */
export declare function check({ definition }: ProgramContext): Promise<number>;
