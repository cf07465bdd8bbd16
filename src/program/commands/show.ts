import { readGraph } from '../../flow/graph.ts';
import { defaultValues } from '../flow-values.ts';
import type { ProgramContext } from '../program.ts';

/** `show`: the flow for people. */
export async function show(context: ProgramContext): Promise<number> {
  const { definition } = context;
  const graph = readGraph(definition, await defaultValues(context));
  const lines = [definition.name, ''];
  for (const { name, transition } of graph.steps.values()) {
    lines.push(`Step ${name}`, transition === undefined ? '' : `    => ${transition.steps.join(', ')}`, '');
  }
  for (const [name, { help, hidden }] of definition.parameters) {
    if (!hidden) lines.push(`Parameter ${name}`, help === undefined ? '' : `    ${help}`, '');
  }
  for (const [name, { file }] of definition.configs) lines.push(`Config ${name}`, `    ${file}`, '');
  process.stdout.write(`${lines.join('\n').replaceAll('\n\n\n', '\n\n').trimEnd()}\n`);
  return 0;
}
