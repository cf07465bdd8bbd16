import type { ProgramContext } from '../program.ts';
export declare function logs(_context: ProgramContext): Promise<number>;
