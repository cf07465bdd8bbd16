import { setTimeout } from 'node:timers/promises';

/** Resolves as soon as the fact holds; rejects when it does not within `limitMs`. */
export async function until(
  fact: () => boolean | Promise<boolean>,
  { limitMs = 20_000, what = String(fact) }: { limitMs?: number; what?: string } = {},
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await fact())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await setTimeout(5);
  }
}
