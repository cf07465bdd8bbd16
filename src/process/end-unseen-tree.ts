import { setTimeout } from 'node:timers/promises';
import { GRACE_MS, groupExists, signalGroup } from './groups.ts';
import { signalTree } from './signal-tree.ts';

/**
 * What `endTree` does, as well as it goes where there is no `/proc`: `tree-kill` and the group must do. Only the parent side
 * may load it.
 */
export async function endUnseenTree(
  pid: number,
  { graceMs = GRACE_MS }: { graceMs?: number | undefined } = {},
): Promise<void> {
  for (const [signal, limitMs] of [['SIGTERM', graceMs] as const, ['SIGKILL', 2000] as const]) {
    if (limitMs === 0) continue;
    await signalTree(pid, signal);
    signalGroup(pid, signal);
    const deadline = performance.now() + limitMs;
    for (let pauseMs = 4; groupExists(pid); pauseMs = Math.min(pauseMs * 1.5, 100)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) break;
      await setTimeout(Math.min(pauseMs, leftMs));
    }
  }
}
