import { checkedGraph } from '../../flow/checked-graph.ts';
import { defaultValues } from '../flow-values.ts';
import type { ProgramContext } from '../program.ts';

/** `check`: the lint alone. */
export async function check(context: ProgramContext): Promise<number> {
  const parameters = await defaultValues(context);
  checkedGraph(context.definition, { parameters, with: context.commandLine.topLevel.with });
  process.stdout.write('The graph looks good!\n');
  return 0;
}
