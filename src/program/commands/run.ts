import { Frontier } from '../../engine/frontier.ts';
import { runValues } from '../flow-values.ts';
import type { ProgramContext } from '../program.ts';
import { RunSession } from '../run-session.ts';
import type { Workers } from '../workers.ts';

/** `run`: a new run from the start. */
export async function run(context: ProgramContext, workers: Workers): Promise<number> {
  const session = new RunSession(context, workers);
  const parameters = await runValues(context);
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
