import { PROTOCOL } from '../../core/attributes.ts';
import { RacewayError } from '../../core/errors.ts';
import { type Flag, TOP_LEVEL_FLAGS } from '../../core/flags.ts';
import { VERSION } from '../../core/version.ts';
import type { Graph } from '../../flow/graph.ts';
import { describedBy, parameterSchema } from '../../flow/parameter-schema.ts';
import { sourceLocations } from '../../flow/source-location.ts';
import { checkedGraph } from '../../flow/checked-graph.ts';
import { type Command, COMMANDS } from '../commands.ts';
import { defaultValues } from '../flow-values.ts';
import type { ProgramContext } from '../program.ts';

/** `describe --json`: everything a program needs to know to offer the flow to somebody. */
export async function describe(context: ProgramContext): Promise<number> {
  const { definition } = context;
  const parameters = [...definition.parameters];
  const description = {
    protocol: PROTOCOL,
    raceway: VERSION,
    flow: definition.name,
    parameters: {
      type: 'object',
      properties: Object.fromEntries(parameters.map(([name, one]) => [name, parameterSchema(one)])),
      required: parameters.filter(([, { required }]) => required).map(([name]) => name),
      additionalProperties: false,
    },
    configs: [...definition.configs].map(([name, { format, file, required, schema }]) => ({
      name,
      format,
      file,
      required,
      schema: schema === undefined ? {} : describedBy(schema),
    })),
    steps: await describeSteps(context),
    options: flagList(TOP_LEVEL_FLAGS),
    commands: Object.entries<Command>(COMMANDS).map(([name, { words, flags, executes, help }]) => ({
      name,
      words,
      help,
      executes,
      options: flagList(flags),
    })),
  };
  process.stdout.write(`${JSON.stringify(description, null, 2)}\n`);
  return 0;
}

/** `null` when the flow cannot even be constructed, as when an initialiser needs a parameter that only a run is given. */
async function describeSteps(context: ProgramContext): Promise<readonly object[] | null> {
  const { definition, commandLine } = context;
  const parameters = await defaultValues(context);
  let graph: Graph;
  try {
    graph = checkedGraph(definition, { parameters, lint: false, with: commandLine.topLevel.with });
  } catch (error) {
    const isToBeGiven = [...definition.parameters.values()].some(({ required }) => required);
    if (isToBeGiven && error instanceof RacewayError && error.code === 'FLOW_DEFINITION') return null;
    throw error;
  }
  const steps = [...graph.steps.values()];
  const locations = sourceLocations(steps.flatMap(({ body }) => (body === undefined ? [] : [body])));
  return steps.map(({ name, decorators, transition, body, sourceSha256 }) => ({
    name,
    decorators: decorators.map((one) => ({ name: one.name, options: one.options })),
    transition: transition ?? null,
    ...(body === undefined ? undefined : locations.get(body)),
    sourceSha256,
  }));
}

function flagList(flags: Readonly<Record<string, Flag>>): readonly Flag[] {
  return Object.values(flags).filter(({ hidden }) => hidden !== true);
}
