import type { Home } from '../client/home.ts';
import { latestNotMadeGood } from '../client/latest-not-made-good.ts';
import type { Run } from '../client/run.ts';

/** Which of the runs that failed are meant. */
export interface FailedQuery {
  /** Leaves out those that a resume that is going on may make good yet. @default false */
  readonly unlessResuming?: boolean;
}

/** The latest run of a home that has failed, and that no resume has made good. */
export async function latestFailed(home: Home, { unlessResuming }: FailedQuery = {}): Promise<Run | undefined> {
  const latest = await Array.fromAsync(home.flows(), (flow) =>
    latestNotMadeGood(flow.runs(), { statusOf: (run) => run.status, unlessResuming }),
  );
  const failed = latest.filter((run) => run !== undefined);
  return failed.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0];
}
