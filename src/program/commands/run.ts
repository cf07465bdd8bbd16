import { Frontier } from '../../engine/frontier.ts';
import { resolveParameters } from '../../flow/resolve-parameters.ts';
import { givenParameters } from '../given-parameters.ts';
import type { ProgramContext } from '../program.ts';
import { RunSession } from '../run-session.ts';
import type { Workers } from '../workers.ts';

/** `run`: a new run from the start. */
export async function run(context: ProgramContext, workers: Workers): Promise<number> {
  const session = new RunSession(context, workers);
  const { definition, commandLine } = context;
  const parameters = await resolveParameters(definition.parameters, givenParameters(commandLine));
  const graph = session.graph(parameters);
  return session.execute({
    graph,
    parameters,
    first: async () => {
      const frontier = new Frontier(graph);
      return { frontier, ready: [frontier.first()], left: new Map() };
    },
  });
}
