import { looksLost } from '../client/present-run.ts';
import { recordedRuns } from '../client/recorded-runs.ts';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import { formatPathspec } from '../core/pathspec.ts';
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
 * The run to resume: the one that is named, or the latest of the user that has ended and has not been made good by a resume
 * that succeeded. One that was left without a word is recorded as lost, so that it cannot go on as well.
 *
 * @throws {NotFoundError} when there is none
 * @throws {RacewayError} `RESUME` when it cannot be resumed
 */
export async function originRun(store: RunStore, query: OriginQuery): Promise<RunRecord> {
  const { flow, runId } = query;
  const origin = await (runId === undefined ? latest(store, query) : store.run(flow, withoutName(runId, flow)));
  if (origin === undefined) throw missing(query);
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

async function latest(store: RunStore, { flow, user, mayHaveSucceeded }: OriginQuery): Promise<RunRecord | undefined> {
  /** Runs that a later one resumed, with success in the end. */
  const madeGood = new Set<string>();
  for await (const run of recordedRuns(store, flow, { user })) {
    const isGood = run.state.status === 'successful' || madeGood.has(run.id);
    if (isGood && run.originRunId !== undefined) madeGood.add(run.originRunId);
    const hasEnded = run.state.status !== 'running' || looksLost(run);
    if (hasEnded && (mayHaveSucceeded || !isGood)) return run;
  }
  return undefined;
}

function withoutName(runId: string, flow: string): string {
  return runId.startsWith(`${flow}/`) ? runId.slice(flow.length + 1) : runId;
}

function missing({ flow, user, runId, mayHaveSucceeded }: OriginQuery): NotFoundError {
  const pathspec = formatPathspec({ flow, run: runId === undefined ? undefined : withoutName(runId, flow) });
  if (runId !== undefined) {
    return new NotFoundError(
      pathspec,
      `there is no run ${pathspec} to resume`,
      'Name one with --origin-run-id=<id>, in the home that holds it.',
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
