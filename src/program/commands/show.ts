import { checkedGraph } from '../../flow/checked-graph.ts';
import type { GraphStep } from '../../flow/graph.ts';
import { defaultValues } from '../flow-values.ts';
import type { ProgramContext } from '../program.ts';

/** `show`: the flow for people. */
export async function show(context: ProgramContext): Promise<number> {
  const { definition, commandLine } = context;
  const graph = checkedGraph(definition, {
    parameters: await defaultValues(context),
    lint: false,
    with: commandLine.topLevel.with,
  });
  const lines = [definition.name, ''];
  for (const { name, decorators, transition } of graph.steps.values()) {
    for (const decorator of decorators) lines.push(describeDecorator(decorator));
    lines.push(`Step ${name}`, transition === undefined ? '' : `    => ${transition.steps.join(', ')}`, '');
  }
  for (const [name, { help, hidden }] of definition.parameters) {
    if (!hidden) lines.push(`Parameter ${name}`, help === undefined ? '' : `    ${help}`, '');
  }
  for (const [name, { file }] of definition.configs) lines.push(`Config ${name}`, `    ${file}`, '');
  process.stdout.write(`${lines.join('\n').replaceAll('\n\n\n', '\n\n').trimEnd()}\n`);
  return 0;
}

/** `@retry times=3 delayMs=0` */
function describeDecorator({ name, options }: GraphStep['decorators'][number]): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return [`@${name}`, ...given.map(([key, value]) => `${key}=${JSON.stringify(value)}`)].join(' ');
}
