import type { ProgramContext } from '../program.ts';
export declare function dump(_context: ProgramContext): Promise<number>;
