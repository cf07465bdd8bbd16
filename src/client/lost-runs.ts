import type { RunReader, RunRecord } from '../store/run-store.ts';
import { looksLost } from './present-run.ts';
import { recordedRuns } from './recorded-runs.ts';

/** Runs and spins of a flow that are recorded as running although nobody will finish them. */
export async function* lostRuns(store: RunReader, flow: string): AsyncGenerator<RunRecord, void, undefined> {
  for (const kind of ['run', 'spin'] as const) {
    for await (const run of recordedRuns(store, flow, { kind, statuses: ['running'] })) if (looksLost(run)) yield run;
  }
}
