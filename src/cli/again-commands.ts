import { existsSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { findHome, type Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import { formatCommand } from '../core/format-command.ts';
import { withoutFlow } from '../core/pathspec.ts';

/** Commands for the shell, from the working folder. */
export interface AgainCommands {
  /** Executes the task again, alone. */
  readonly spin: string | undefined;
  /** Goes on with the run; `undefined` for one that succeeded and for a spin. */
  readonly resume: string | undefined;
}

/** The flow script that a run was started with, as it was then; `undefined` when its command does not tell. */
export function flowFileOf(run: Run): string | undefined {
  const [, file] = run.command;
  return file !== undefined && isAbsolute(file) ? file : undefined;
}

/** How a task, or its run, is executed again; not at all by a script that is not there. @param flowFile absolute */
export function againCommands(
  { home, run, flowFile }: { home: Home; run: Run; flowFile: string | undefined },
  taskPathspec: string | undefined,
): AgainCommands {
  if (flowFile === undefined || !existsSync(flowFile)) return { spin: undefined, resume: undefined };
  const program = ['node', nearPath(flowFile)];
  // Said only where the flow script would look elsewhere.
  const place = findHome({}) === home.path ? [] : [`--home=${home.path}`];
  const canResume = run.kind === 'run' && run.finished && !run.successful;
  return {
    spin: taskPathspec && formatCommand([...program, ...place, 'spin', withoutFlow(taskPathspec)]),
    resume: canResume ? formatCommand([...program, ...place, 'resume', `--origin-run-id=${run.id}`]) : undefined,
  };
}

/** From the working folder if it is in there, and never to be taken for an option. */
function nearPath(file: string): string {
  const near = relative(process.cwd(), file);
  return /^[-.]/.test(near) ? file : near;
}
