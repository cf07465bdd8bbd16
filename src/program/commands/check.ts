import { checkedGraph } from '../checked-graph.ts';
import { defaultValues } from '../flow-values.ts';
import type { ProgramContext } from '../program.ts';

/** `check`: the lint alone. */
export async function check(context: ProgramContext): Promise<number> {
  checkedGraph(context.definition, { parameters: await defaultValues(context) });
  process.stdout.write('The graph looks good!\n');
  return 0;
}
