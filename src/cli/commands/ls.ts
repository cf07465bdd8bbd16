import { contextHome, type CliContext } from '../context.ts';

/** `ls`: runs, newest first. */
export async function ls(context: CliContext): Promise<void> {
  await using home = await contextHome(context);
  for await (const flow of home.flows()) {
    for await (const run of flow.runs({ limit: 20 })) context.output.line(run.pathspec);
  }
}
