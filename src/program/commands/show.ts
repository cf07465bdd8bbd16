import type { GraphStep } from '../../flow/graph.ts';
import { defaultParameters } from '../../flow/resolve-parameters.ts';
import { checkedGraph } from '../../flow/checked-graph.ts';
import type { ProgramContext } from '../program.ts';

/** `show`: the flow for people. */
export async function show({ definition, commandLine }: ProgramContext): Promise<number> {
  const graph = checkedGraph(definition, {
    parameters: await defaultParameters(definition.parameters),
    lint: false,
    with: commandLine.topLevel.with,
  });
  const lines = [definition.name, ''];
  for (const { name, decorators, transition } of graph.steps.values()) {
    for (const decorator of decorators) lines.push(describeDecorator(decorator));
    lines.push(`Step ${name}`, transition === undefined ? '' : `    => ${transition.steps.join(', ')}`, '');
  }
  for (const [name, { help }] of definition.parameters)
    lines.push(`Parameter ${name}`, help === undefined ? '' : `    ${help}`, '');
  process.stdout.write(`${lines.join('\n').replaceAll('\n\n\n', '\n\n').trimEnd()}\n`);
  return 0;
}

/** `@retry times=3 delayMs=0` */
function describeDecorator({ name, options }: GraphStep['decorators'][number]): string {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return [`@${name}`, ...given.map(([key, value]) => `${key}=${JSON.stringify(value)}`)].join(' ');
}
