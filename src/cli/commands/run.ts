import type { CliContext } from '../context.ts';
import { executeRun } from '../execute-run.ts';

/** `run`: a new run of a flow script. */
export async function run(context: CliContext): Promise<number> {
  const [file = '', ...argv] = context.words;
  return executeRun(context, { file, command: 'run', argv, home: context.home });
}
