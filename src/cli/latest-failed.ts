import type { Flow } from '../client/flow.ts';
import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';

/** The latest run of a home that has failed, and that no resume has made good. */
export async function latestFailed(home: Home): Promise<Run | undefined> {
  const failed = (await Array.fromAsync(home.flows(), latestOf)).filter((run) => run !== undefined);
  return failed.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0];
}

async function latestOf(flow: Flow): Promise<Run | undefined> {
  /** Runs that a later one resumed, with success in the end. */
  const madeGood = new Set<string>();
  for await (const run of flow.runs()) {
    const isGood = run.successful || madeGood.has(run.id);
    if (isGood && run.originRunId !== undefined) madeGood.add(run.originRunId);
    if (run.finished && !isGood) return run;
  }
  return undefined;
}
