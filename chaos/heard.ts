import type { RunReason, RunStatus } from '../src/core/status.ts';

/** What `programs/runs-a-flow.ts` says. */
export type Heard =
  | { readonly event: 'started'; readonly pathspec: string; readonly pid: number }
  | {
      readonly event: 'ended';
      /** When the handle said so, as `instant` tells it. */
      readonly at: number;
      readonly pathspec: string;
      readonly status: RunStatus;
      readonly reason?: RunReason;
      readonly exitCode: number | null;
      readonly signalCode: string | null;
      readonly stderr: string;
      /** All that its console showed: what was recorded is told there. */
      readonly stdout: string;
    }
  | { readonly event: 'refused'; readonly name: string; readonly message: string };

/** What it has said so far, of one kind. */
export function heard<E extends Heard['event']>(stdout: string, event: E): Extract<Heard, { event: E }> | undefined {
  for (const line of stdout.split('\n').slice(0, -1)) {
    const said = JSON.parse(line) as Heard;
    if (said.event === event) return said as Extract<Heard, { event: E }>;
  }
  return undefined;
}
