import { presence } from '../process/identity.ts';
import type { RunReader, RunRecord } from '../store/run-store.ts';

/**
 * How old the last sign of life of a run on another machine may be. A run process gives one every few seconds at least;
 * a minute leaves room for a machine that is swamped and for clocks that differ.
 */
const LOST_AFTER_MS = 60_000;

/**
 * A run as it is to be shown: one that is recorded as running but whose process is gone is failed, lost, and ended when
 * it was last heard of.
 */
export async function presentRun(recorded: RunRecord, reader: RunReader): Promise<RunRecord> {
  if (!looksLost(recorded)) return recorded;
  // The process may have recorded the end between our reading and our look at it.
  const run = (await reader.run(recorded.flow, recorded.id)) ?? recorded;
  if (!looksLost(run)) return run;
  return { ...run, state: { status: 'failed', reason: { kind: 'lost' } }, finishedAt: run.heartbeatAt };
}

/** Whether nobody will finish a run that is recorded as running. */
export function looksLost(run: RunRecord): boolean {
  if (run.state.status !== 'running') return false;
  switch (presence(run.process)) {
    case 'alive':
      return false;
    case 'gone':
      return true;
    case 'elsewhere':
      return Date.now() - run.heartbeatAt > LOST_AFTER_MS;
  }
}
