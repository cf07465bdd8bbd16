import { defaultParameters } from '../../flow/resolve-parameters.ts';
import { checkedGraph } from '../../flow/checked-graph.ts';
import type { ProgramContext } from '../program.ts';

/** `check`: the lint alone. */
export async function check({ definition, commandLine }: ProgramContext): Promise<number> {
  const parameters = await defaultParameters(definition.parameters);
  checkedGraph(definition, { parameters, with: commandLine.topLevel.with });
  process.stdout.write('The graph looks good!\n');
  return 0;
}
