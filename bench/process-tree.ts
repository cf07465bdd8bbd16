import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

/** Processes and all below them, by what `/proc` says. */
export function treeOf(...roots: readonly number[]): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = statOf(Number(name))?.parent;
    if (parent !== undefined) parents.set(Number(name), parent);
  }
  const children = Map.groupBy(parents.keys(), (pid) => parents.get(pid));
  const tree = [...roots];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** Resolves when none of the processes is left, with the time at which that was seen. */
export async function whenGone(pids: readonly number[], { limitMs = 20_000 } = {}): Promise<number> {
  const deadline = performance.now() + limitMs;
  let left = pids;
  for (;;) {
    left = left.filter((pid) => statOf(pid)?.isOver === false);
    if (left.length === 0) return performance.now();
    if (performance.now() > deadline) throw new Error(`${left.length} processes were still there after ${limitMs} ms`);
    await setTimeout(1);
  }
}

/** Memory of processes, in bytes: what they hold, and their part of it when what is shared is divided up. */
export function memoryOf(pids: readonly number[]): {
  readonly residentBytes: number;
  readonly proportionalBytes: number;
} {
  let [residentBytes, proportionalBytes] = [0, 0];
  for (const pid of pids) {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? Number.NaN);
    residentBytes += kilobytes('Rss') * 1024;
    proportionalBytes += kilobytes('Pss') * 1024;
  }
  return { residentBytes, proportionalBytes };
}

function statOf(pid: number): { readonly parent: number; readonly isOver: boolean } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it has ended
  }
  const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(parent), isOver: state === 'Z' || state === 'X' };
}
