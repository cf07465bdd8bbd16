import { latestNotMadeGood } from '../client/latest-not-made-good.ts';
import { looksLost } from '../client/present-run.ts';
import { recordedRuns } from '../client/recorded-runs.ts';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import { formatPathspec } from '../core/pathspec.ts';
import type { RunStatus } from '../core/status.ts';
import type { RunRecord, RunStore } from '../store/run-store.ts';

/** Which run to resume. */
export interface OriginQuery {
  readonly flow: string;
  readonly user: string;
  /** Given by the caller, the flow's name in front or not. */
  readonly runId: string | undefined;
  /** Whether a run that succeeded will do as well, since a step was named to run again. */
  readonly mayHaveSucceeded: boolean;
}

/**
 * The run to resume: the one that is named, or the latest of the user that has ended, has not been made good by a resume
 * that succeeded, and is not being resumed. One that was left without a word is recorded as lost, so that it cannot go on as well.
 *
 * @throws {NotFoundError} when there is none
 * @throws {RacewayError} `RESUME` when it cannot be resumed
 */
export async function originRun(store: RunStore, query: OriginQuery): Promise<RunRecord> {
  const { flow, runId } = query;
  const origin = await (runId === undefined ? latest(store, query) : store.run(flow, withoutName(runId, flow)));
  if (origin === undefined) throw await missing(store, query);
  if (origin.kind === 'spin') {
    throw new RacewayError(
      'RESUME',
      `cannot resume ${flow}/${origin.id}: it is a spin, one task alone, and nothing follows it`,
      `Resume the run that the task is from (--origin-run-id=${origin.originRunId}), or spin it again.`,
    );
  }
  if (origin.state.status !== 'running') return origin;
  if (!looksLost(origin)) {
    throw new RacewayError(
      'RESUME',
      `cannot resume ${flow}/${origin.id}: it is still running (pid ${origin.process.pid} on ${origin.process.host})`,
      'Wait for it, or end it first.',
    );
  }
  await store.recordEnd(flow, origin.id, { status: 'failed', reason: { kind: 'lost' } });
  return origin;
}

async function latest(store: RunStore, query: OriginQuery): Promise<RunRecord | undefined> {
  if (!query.mayHaveSucceeded) return await latestFailed(store, query, { unlessResuming: true });
  for await (const run of recordedRuns(store, query.flow, { user: query.user })) {
    if (statusOf(run) !== 'running') return run;
  }
  return undefined;
}

async function latestFailed(
  store: RunStore,
  { flow, user }: OriginQuery,
  { unlessResuming }: { readonly unlessResuming: boolean },
): Promise<RunRecord | undefined> {
  return await latestNotMadeGood(recordedRuns(store, flow, { user }), { statusOf, unlessResuming });
}

function statusOf(run: RunRecord): RunStatus {
  return looksLost(run) ? 'failed' : run.state.status;
}

function withoutName(runId: string, flow: string): string {
  return runId.startsWith(`${flow}/`) ? runId.slice(flow.length + 1) : runId;
}

async function missing(store: RunStore, query: OriginQuery): Promise<NotFoundError> {
  const { flow, user, runId, mayHaveSucceeded } = query;
  const pathspec = formatPathspec({ flow, run: runId === undefined ? undefined : withoutName(runId, flow) });
  if (runId !== undefined) {
    return new NotFoundError(
      pathspec,
      `there is no run ${pathspec} to resume`,
      'Name one with --origin-run-id=<id>, in the home that holds it.',
    );
  }
  const resuming = mayHaveSucceeded ? undefined : await latestFailed(store, query, { unlessResuming: false });
  if (resuming !== undefined) {
    return new NotFoundError(
      pathspec,
      `a resume of ${flow}/${resuming.id} is going on, and no other run of ${flow} by ${user} is left to resume`,
      'Wait for it. Or name a run with --origin-run-id=<id>, or name a step to run again.',
    );
  }
  return new NotFoundError(
    pathspec,
    mayHaveSucceeded
      ? `there is no run of ${flow} by ${user} to resume`
      : `there is no run of ${flow} by ${user} to resume: none failed, or a resume has made it good`,
    'Name one with --origin-run-id=<id>, in the home that holds it, or name a step to run again.',
  );
}
