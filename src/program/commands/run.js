import { resolveParameters } from '../../flow/resolve-parameters.js';
import { givenParameters } from '../given-parameters.js';
import { RunSession } from '../run-session.js';
/** `run`: a new run from the start. */
export async function run(context, workers) {
  await using session = new RunSession(context, workers);
  const { definition, commandLine } = context;
  const parameters = await resolveParameters(definition.parameters, givenParameters(commandLine));
  const graph = session.graph(parameters);
  return await session.execute({
    graph,
    parameters,
    first: async () => [{ step: 'start', parentIds: [], inherited: [] }],
  });
}
