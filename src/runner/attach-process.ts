import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import { NotFoundError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import type { ProcessIdentity } from '../core/process-identity.ts';
import { presence } from '../process/identity.ts';
import { AttachedProcess } from './attached-process.ts';
import { belongsToRun } from './belongs-to-run.ts';
import { type Keeper, readKeeper } from './keeper.ts';

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
  const written = folder === undefined ? undefined : readKeeper(folder);
  const runProcess = await recorded?.home.processOf(pathspec);
  // What is said of a keeper that is none may be as untrue of its group and its mark.
  const isKeeper = written !== undefined && !(await isSomebodyElses(written.identity, { keeper: written, recorded }));
  const keeper = isKeeper ? written : undefined;
  const identities = keeper === undefined ? [] : [keeper.identity];
  if (runProcess !== undefined && !(await isSomebodyElses(runProcess, { keeper, recorded })))
    identities.push(runProcess);
  const [identity] = identities;
  if (identity === undefined) throw unknownProcess(pathspec, written?.identity ?? runProcess);
  return await AttachedProcess.open({
    pid: runProcess?.pid ?? identity.pid,
    command: recorded?.run.command ?? keeper?.command ?? [],
    identities,
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

function unknownProcess(pathspec: string, named: ProcessIdentity | undefined): NotFoundError {
  return named === undefined
    ? new NotFoundError(
        pathspec,
        `cannot attach to ${pathspec}: nothing is known of its process`,
        'Only runs of raceway flows, and those that were started detached, can be attached to.',
      )
    : new NotFoundError(
        pathspec,
        `cannot attach to ${pathspec}: the process ${named.pid} that its home names does not look like the run's`,
        `It may be another user's, or the home was moved while the run goes on. If it is the run's, end it with kill ${named.pid}.`,
      );
}

/** Whether the process that is named goes on and is none of the run's. */
async function isSomebodyElses<F extends FlowShape>(
  identity: ProcessIdentity,
  { keeper, recorded }: { readonly keeper: Keeper | undefined } & Pick<KnownRun<F>, 'recorded'>,
): Promise<boolean> {
  if (presence(identity) !== 'alive') return false;
  if (await belongsToRun({ pid: identity.pid, keeper, database: recorded?.home.database ?? '' })) return false;
  return presence(identity) === 'alive'; // else it has just ended
}
