import { defaultParameters } from '../../flow/resolve-parameters.ts';
import { checkedGraph } from '../../flow/checked-graph.ts';
import type { ProgramContext } from '../program.ts';

/** `check`: the lint alone. */
export async function check({ definition }: ProgramContext): Promise<number> {
  checkedGraph(definition, { parameters: await defaultParameters(definition.parameters) });
  process.stdout.write('The graph looks good!\n');
  return 0;
}
