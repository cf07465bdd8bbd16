import type { Flow } from '../client/flow.ts';
import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import { NotFoundError } from '../core/errors.ts';

/**
 * The latest run of a home that has failed, and that no resume has made good.
 *
 * @throws {NotFoundError} when there is none
 */
export async function latestFailed(home: Home): Promise<Run> {
  const failed = (await Array.fromAsync(home.flows(), latestOf)).filter((run) => run !== undefined);
  const [latest] = failed.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  if (latest !== undefined) return latest;
  throw new NotFoundError(
    '',
    `no run in the home ${home.path} has failed, or a resume has made it good`,
    'Name a run: Flow/run. `raceway ls` lists them.',
  );
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
