import { readGraph } from '../../flow/graph.ts';
import { defaultParameters } from '../../flow/resolve-parameters.ts';
import type { ProgramContext } from '../program.ts';

/** `show`: the flow for people. */
export async function show({ definition }: ProgramContext): Promise<number> {
  const graph = readGraph(definition, await defaultParameters(definition.parameters));
  const lines = [definition.name, ''];
  for (const { name, transition } of graph.steps.values()) {
    lines.push(`Step ${name}`, transition === undefined ? '' : `    => ${transition.steps.join(', ')}`, '');
  }
  for (const [name, { help }] of definition.parameters)
    lines.push(`Parameter ${name}`, help === undefined ? '' : `    ${help}`, '');
  process.stdout.write(`${lines.join('\n').replaceAll('\n\n\n', '\n\n').trimEnd()}\n`);
  return 0;
}
