import type { RunReason } from '../core/status.ts';

/**
 * While a run is recorded as running its `reason` is why it is being ended, if somebody has said so. That says more than the
 * signal by which it ends, or than that it is gone. For an UPDATE of such runs to the values `:status` and `:reason`.
 */
export const OR_NOTED_ENDING = `
  status = IIF(:isUntold AND status = 'running' AND reason IS NOT NULL,
    IIF(reason ->> 'kind' = 'timeout', 'timeout', 'failed'), :status),
  reason = IIF(:isUntold AND status = 'running' AND reason IS NOT NULL, reason, :reason)`;

/** Whether a reason does not tell why the run ended. */
export function isUntold(reason: RunReason | undefined): 0 | 1 {
  return reason?.kind === 'signal' || reason?.kind === 'lost' ? 1 : 0;
}
