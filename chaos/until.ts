import { setTimeout } from 'node:timers/promises';

/** Resolves with whether the fact came to hold within the limit. */
export async function until(
  fact: () => boolean | Promise<boolean>,
  { limitMs = 60_000, pauseMs = 5 }: { limitMs?: number; pauseMs?: number } = {},
): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (await fact()) return true;
    if (performance.now() > deadline) return false;
    await setTimeout(pauseMs);
  }
}
