import type { ProgramContext } from '../program.ts';

export async function dump(_context: ProgramContext): Promise<number> {
  throw new Error('being written');
}
