import type { ProgramContext } from '../program.ts';

export async function logs(_context: ProgramContext): Promise<number> {
  throw new Error('being written');
}
