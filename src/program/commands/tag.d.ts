import type { ProgramContext } from '../program.ts';
export declare function tag(_context: ProgramContext): Promise<number>;
