import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import { NotFoundError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import { AttachedProcess } from './attached-process.ts';
import { readKeeper } from './keeper.ts';

/** A run that somebody else started, as far as it is known. */
export interface KnownRun<F extends FlowShape> {
  /** `Flow/run`. */
  readonly pathspec: string;
  /** Where its output is kept; `undefined` when it is not. */
  readonly folder: string | undefined;
  /** Its record; `undefined` when it is kept elsewhere. */
  readonly recorded: { readonly home: Home; readonly run: Run<F> } | undefined;
}

/**
 * The process of a run that somebody else started, live or ended.
 *
 * @throws {NotFoundError} when nothing is known of the process
 */
export async function attachProcess<F extends FlowShape>({
  pathspec,
  folder,
  recorded,
}: KnownRun<F>): Promise<AttachedProcess> {
  const keeper = folder === undefined ? undefined : readKeeper(folder);
  const runProcess = await recorded?.home.processOf(pathspec);
  const identity = keeper?.identity ?? runProcess;
  if (identity === undefined) {
    throw new NotFoundError(
      pathspec,
      `cannot attach to ${pathspec}: nothing is known of its process`,
      'Only runs of raceway flows, and those that were started detached, can be attached to.',
    );
  }
  return await AttachedProcess.open({
    pid: runProcess?.pid ?? identity.pid,
    command: keeper?.command ?? recorded?.run.command ?? [],
    identity,
    tree:
      keeper === undefined
        ? { pid: identity.pid, startTime: identity.startTime }
        : { pid: keeper.group, startTime: undefined, mark: keeper.mark },
    folder,
    isRecordedEnd: async () => {
      try {
        return (await recorded?.home.run(pathspec))?.finished === true;
      } catch {
        return true; // the home is gone, and nothing will be heard of the run any more
      }
    },
  });
}
