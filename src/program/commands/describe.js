import { PROTOCOL } from '../../core/attributes.js';
import { TOP_LEVEL_FLAGS } from '../../core/flags.js';
import { VERSION } from '../../core/version.js';
import { readGraph } from '../../flow/graph.js';
import { parameterSchema } from '../../flow/parameter-schema.js';
import { defaultParameters } from '../../flow/resolve-parameters.js';
import { sourceLocations } from '../../flow/source-location.js';
import { COMMANDS } from '../commands.js';
/** `describe --json`: everything a program needs to know to offer the flow to somebody. */
export async function describe({ definition }) {
  const graph = readGraph(definition, await defaultParameters(definition.parameters));
  const steps = [...graph.steps.values()];
  const locations = sourceLocations(steps.flatMap(({ body }) => (body === undefined ? [] : [body])));
  const description = {
    protocol: PROTOCOL,
    raceway: VERSION,
    flow: definition.name,
    parameters: {
      type: 'object',
      properties: Object.fromEntries([...definition.parameters].map(([name, one]) => [name, parameterSchema(one)])),
      required: [...definition.parameters].filter(([, { required }]) => required).map(([name]) => name),
      additionalProperties: false,
    },
    steps: steps.map(({ name, transition, body, sourceSha256 }) => ({
      name,
      transition: transition ?? null,
      ...(body === undefined ? undefined : locations.get(body)),
      sourceSha256,
    })),
    options: flagList(TOP_LEVEL_FLAGS),
    commands: Object.entries(COMMANDS).map(([name, { words, flags, executes, help }]) => ({
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
function flagList(flags) {
  return Object.values(flags).filter(({ hidden }) => hidden !== true);
}
