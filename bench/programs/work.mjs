// What a step does: computes for `BENCH_WORK_MS` milliseconds of processor time, or waits until the file `BENCH_GATE` is
// there, or nothing. Started itself, it is the same without raceway. It is JavaScript, since a bare process has no compile
// cache and would strip the types at each start.
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

export async function work() {
  const { BENCH_GATE, BENCH_WORK_MS } = process.env;
  if (BENCH_GATE) {
    console.log('waiting');
    while (!existsSync(BENCH_GATE)) await setTimeout(50);
  }
  const endMs = usedMs() + Number(BENCH_WORK_MS ?? 0);
  let sum = 0;
  while (usedMs() < endMs) for (let i = 0; i < 100_000; i++) sum += Math.sqrt(i);
  return sum;
}

function usedMs() {
  return process.cpuUsage().user / 1000;
}

if (import.meta.main) await work();
