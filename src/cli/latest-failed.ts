import type { Flow } from '../client/flow.ts';
import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';

/** Which of the runs that failed are meant. */
export interface FailedQuery {
  /** Leaves out those that a resume that is going on may make good yet. @default false */
  readonly unlessResuming?: boolean;
}

/** The latest run of a home that has failed, and that no resume has made good. */
export async function latestFailed(home: Home, query: FailedQuery = {}): Promise<Run | undefined> {
  const latest = await Array.fromAsync(home.flows(), (flow) => latestOf(flow, query));
  const failed = latest.filter((run) => run !== undefined);
  return failed.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0];
}

async function latestOf(flow: Flow, { unlessResuming = false }: FailedQuery): Promise<Run | undefined> {
  /** Runs that a later one resumed, with success in the end, or perhaps so. */
  const madeGood = new Set<string>();
  for await (const run of flow.runs()) {
    const isGood = run.successful || madeGood.has(run.id) || (unlessResuming && !run.finished);
    if (isGood && run.originRunId !== undefined) madeGood.add(run.originRunId);
    if (run.finished && !isGood) return run;
  }
  return undefined;
}
