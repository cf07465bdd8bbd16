import { availableParallelism, totalmem } from 'node:os';
import { readdirSync } from 'node:fs';
import type { Resources } from '../flow/step-policy.ts';

/** What this machine has for tasks. A container's limit on memory counts as the machine's. */
export function machineResources(): Resources {
  const limitBytes = process.constrainedMemory();
  const memoryBytes = limitBytes > 0 ? Math.min(limitBytes, totalmem()) : totalmem();
  return { cpu: availableParallelism(), memoryMb: memoryBytes / 1_000_000, gpu: countGpus() };
}

/**
 * The devices that `CUDA_VISIBLE_DEVICES` names, or else those that NVIDIA's driver shows. Where neither says anything there
 * may still be one of another make, so that one is counted.
 */
function countGpus(): number {
  const visible = process.env['CUDA_VISIBLE_DEVICES'];
  if (visible !== undefined) return Math.max(1, visible.split(',').filter((device) => device.trim() !== '').length);
  try {
    return Math.max(1, readdirSync('/proc/driver/nvidia/gpus').length);
  } catch {
    return 1; // no such driver
  }
}

interface Lane<T> {
  readonly need: Resources | undefined;
  readonly entries: { readonly sequence: number; readonly task: T }[];
  /** Where the next entry is; what stands before it has been taken. */
  first: number;
}

/**
 * Tasks that wait for their turn: the one that has waited longest comes first, of those for whose step there is room.
 * Steps without a need take no room. A need that is more than there is counts as all there is.
 */
export class TaskQueue<T extends { readonly step: string }> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #needOf: (step: string) => Resources | undefined;
  #free: Resources;
  #sequence = 0;

  constructor(needOf: (step: string) => Resources | undefined, total: () => Resources) {
    const cached = new Map<string, Resources | undefined>();
    let known: Resources | undefined;
    this.#needOf = (step) => {
      if (cached.has(step)) return cached.get(step);
      const need = needOf(step);
      const bounded = need === undefined ? undefined : within(need, (known ??= this.#free = total()));
      cached.set(step, bounded);
      return bounded;
    };
    this.#free = { cpu: 0, memoryMb: 0, gpu: 0 }; // looked up when the first step has a need
  }

  add(task: T): void {
    const lane = this.#lanes.get(task.step) ?? { need: this.#needOf(task.step), entries: [], first: 0 };
    this.#lanes.set(task.step, lane);
    lane.entries.push({ sequence: this.#sequence++, task });
  }

  /** The next task; its need is taken until `release`. `undefined` when there is none, or no room for any. */
  take(): T | undefined {
    let next: Lane<T> | undefined;
    for (const lane of this.#lanes.values()) {
      if (lane.need !== undefined && !fits(lane.need, this.#free)) continue;
      if (next === undefined || headOf(lane) < headOf(next)) next = lane;
    }
    const task = next?.entries[next.first]?.task;
    if (next === undefined || task === undefined) return undefined;
    next.first += 1;
    if (next.first === next.entries.length) this.#lanes.delete(task.step);
    if (next.need !== undefined) this.#free = add(this.#free, next.need, -1);
    return task;
  }

  /** Gives back what a task of this step took. */
  release(step: string): void {
    const need = this.#needOf(step);
    if (need !== undefined) this.#free = add(this.#free, need, 1);
  }
}

function headOf<T>({ entries, first }: Lane<T>): number {
  return entries[first]?.sequence ?? Infinity;
}

function within(need: Resources, total: Resources): Resources {
  return {
    cpu: Math.min(need.cpu, total.cpu),
    memoryMb: Math.min(need.memoryMb, total.memoryMb),
    gpu: Math.min(need.gpu, total.gpu),
  };
}

/** Sums of fractions such as 0.1 need not come out even. */
const TOLERANCE = 1e-9;

function fits(need: Resources, free: Resources): boolean {
  return (
    need.cpu <= free.cpu + TOLERANCE && need.memoryMb <= free.memoryMb + TOLERANCE && need.gpu <= free.gpu + TOLERANCE
  );
}

function add(one: Resources, other: Resources, sign: 1 | -1): Resources {
  return {
    cpu: one.cpu + sign * other.cpu,
    memoryMb: one.memoryMb + sign * other.memoryMb,
    gpu: one.gpu + sign * other.gpu,
  };
}
