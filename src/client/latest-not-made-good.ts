import type { RunStatus } from '../core/status.ts';

/** What tells whether a run was made good by a later one. */
interface ResumableRun {
  readonly id: string;
  readonly originRunId?: string | undefined;
}

/**
 * The latest of the runs of a flow that has ended, has not succeeded, and that no resume has made good: neither one of it nor
 * one of a resume of it.
 *
 * @param runs newest first
 * @param options.statusOf what a run is doing, one that nobody will finish not being `running`
 * @param options.unlessResuming leaves out those that a resume that is going on may make good yet. @default false
 */
export async function latestNotMadeGood<R extends ResumableRun>(
  runs: AsyncIterable<R>,
  {
    statusOf,
    unlessResuming = false,
  }: { readonly statusOf: (run: R) => RunStatus; readonly unlessResuming?: boolean | undefined },
): Promise<R | undefined> {
  /** Runs that a later one resumed, with success in the end, or perhaps so. */
  const madeGood = new Set<string>();
  for await (const run of runs) {
    const status = statusOf(run);
    const isGood = status === 'successful' || madeGood.has(run.id) || (unlessResuming && status === 'running');
    if (isGood && run.originRunId !== undefined) madeGood.add(run.originRunId);
    if (status !== 'running' && !isGood) return run;
  }
  return undefined;
}
