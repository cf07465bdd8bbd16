import type { ProgramContext } from '../program.ts';

export async function tag(_context: ProgramContext): Promise<number> {
  throw new Error('being written');
}
