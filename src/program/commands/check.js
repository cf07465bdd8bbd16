import { defaultParameters } from '../../flow/resolve-parameters.js';
import { checkedGraph } from '../checked-graph.js';
/** `check`: the lint alone. */
export async function check({ definition }) {
  checkedGraph(definition, { parameters: await defaultParameters(definition.parameters) });
  process.stdout.write('The graph looks good!\n');
  return 0;
}
