import { setTimeout } from 'node:timers/promises';
import { cannotLook } from './look.ts';
import { entryOf, processIds } from './process-table.ts';

/** How long a process is given between SIGTERM and SIGKILL unless the caller says otherwise, in milliseconds. */
export const GRACE_MS = 5000;

/**
 * Sends a signal to every process of a group.
 *
 * @param group the group's id, which is the pid of the process that was started as its leader
 * @returns `false` when none is left
 * @throws {RangeError} when `group` is not the id of a group that this process could have started
 */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  return send(group, signal);
}

/**
 * Whether a process of the group has not ended yet. Those that ended and were not reaped do not count: a container
 * whose first process reaps nobody keeps them for ever. They do while this process cannot look which they are.
 */
export function groupExists(group: number): boolean {
  return send(group, 0) && hasLiveMember(group);
}

/**
 * Ends a group: SIGTERM, and SIGKILL for what is left after the grace. Resolves as soon as none is left, at once when
 * none was; a process that takes children into being faster than they can be ended is tried for one second.
 *
 * @param options.graceMs time between the two signals in milliseconds, 0 for SIGKILL at once; default 5000
 */
export async function endGroup(group: number, { graceMs = GRACE_MS }: { graceMs?: number } = {}): Promise<void> {
  if (graceMs > 0) {
    if (!signalGroup(group, 'SIGTERM') || (await isGoneWithin(group, graceMs))) return;
  }
  if (!signalGroup(group, 'SIGKILL')) return;
  await isGoneWithin(group, 1000);
}

async function isGoneWithin(group: number, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    const leftMs = deadline - performance.now();
    await setTimeout(Math.max(0, Math.min(pauseMs, leftMs)));
    if (!send(group, 0)) return true;
    // The question that reads /proc is only asked once the cheap one has been denied for a while.
    if (pauseMs >= 4 && !hasLiveMember(group)) return true;
    if (leftMs <= 0) return false;
  }
}

function send(group: number, signal: NodeJS.Signals | 0): boolean {
  // 0 would be this process's own group and 1 everything this user may signal.
  if (!Number.isSafeInteger(group) || group <= 1) throw new RangeError(`${group} is not the id of a process group`);
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false; // ESRCH: none is left; EPERM: none that this user may end, or on macOS only ended ones
  }
}

function hasLiveMember(group: number): boolean {
  try {
    const pids = processIds();
    return pids === undefined || pids.some((pid) => entryOf(pid)?.group === group);
  } catch (error) {
    if (cannotLook(error)) return true;
    throw error;
  }
}
