import { setTimeout } from 'node:timers/promises';
import { RacewayError } from '../core/errors.ts';
import { GRACE_MS, signalGroup } from './groups.ts';
import type { Mark } from './guardian.ts';
import { cannotLook } from './look.ts';
import { marked } from './marked.ts';
import { entryOf, processTable, type ProcessEntry, type ProcessTable } from './process-table.ts';

/** A child and what it started: its descendants, its process group, and whatever carries its mark. */
export interface Tree {
  /** The child's pid, which is the id of its group if it leads one; or the id of the group, if its leader has ended. */
  readonly pid: number;
  /** The child's start time (`identityOf`), which tells its pid from the same one used again. */
  readonly startTime: string | undefined;
  /** An environment entry that nothing outside this tree has, if there is one. */
  readonly mark?: Mark | undefined;
}

/**
 * Ends a child and everything it started: SIGTERM, once to each process and to the child's own group first, so that it
 * knows why the others end; and SIGKILL for what is left after the grace.
 * Resolves as soon as none is left. What was a descendant when the ending began is ended also if it left the group and
 * dropped the mark.
 *
 * The processes are found in `/proc`. While this process cannot look there, for want of a descriptor for one, the signals go
 * to those that are known, the group among them, and it looks again until the time is over.
 *
 * @param options.graceMs time between the two signals in milliseconds, 0 for SIGKILL at once; default 5000
 * @returns `false`, having done nothing, where there is no `/proc`
 * @throws {RacewayError} `UNSEEN` when this process could not look whether anything is left
 */
export async function endTree(
  tree: Tree,
  { graceMs = GRACE_MS }: { graceMs?: number | undefined } = {},
): Promise<boolean> {
  const table = await seen(processTable());
  if (table === undefined) return false;
  const ending = new Ending(tree);
  const deadline = performance.now() + graceMs;
  if (graceMs > 0) {
    if ((await ending.signal('SIGTERM', table)) === 0 || (await ending.isOverAt(deadline))) return true;
  }
  if ((await ending.signal('SIGKILL')) === 0 || (await ending.isOverAt(performance.now() + 2000))) return true;
  if (ending.unseen !== undefined) throw unseenError(tree, ending.unseen.cause);
  return true;
}

/** That the system does not let this process look at present. */
class Unseen {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

async function seen<T>(reading: Promise<T>): Promise<T | Unseen> {
  try {
    return await reading;
  } catch (error) {
    if (cannotLook(error)) return new Unseen(error);
    throw error;
  }
}

function unseenError({ pid }: Tree, cause: unknown): RacewayError {
  return new RacewayError(
    'UNSEEN',
    `could not make sure that nothing is left of process ${pid}: ${cause instanceof Error ? cause.message : String(cause)}`,
    'What is known of it has been sent SIGKILL. Close files or raise the limit (ulimit -n): it is tried again until that can be seen.',
    { cause },
  );
}

/** What is known of a tree that is being ended. Everything that was once seen in it stays in it. */
class Ending {
  readonly #tree: Tree;
  /** The start time of each process of the tree, by pid. */
  readonly #members = new Map<number, string>();
  /** What has been sent to each, by pid. */
  readonly #sent = new Map<number, NodeJS.Signals>();
  #signal: NodeJS.Signals = 'SIGTERM';
  /** Whether the child and its group have had their head start. */
  #isGroupWarned = false;
  /** Whether the last look found a process of the group. */
  #sawGroup = false;
  /** Whether the group has been sent SIGTERM as a whole. */
  #isGroupAsked = false;
  #unseen: Unseen | undefined;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** Why the last look did not see everything, if it did not. */
  get unseen(): Unseen | undefined {
    return this.#unseen;
  }

  /** Sends the signal to every process of the tree, and returns how many there are, as far as can be seen. */
  async signal(signal: NodeJS.Signals, table?: ProcessTable | Unseen): Promise<number | undefined> {
    this.#signal = signal;
    // The whole group in one go, since its processes may be forking faster than they are counted.
    if (signal === 'SIGKILL' && this.#sawGroup) signalGroup(this.#tree.pid, signal);
    return await this.#look(table);
  }

  /** Waits until no process is left, at most until `deadline`; those that come into being meanwhile get the signal too. */
  async isOverAt(deadline: number): Promise<boolean> {
    for (let pauseMs = 4; ; pauseMs = Math.min(pauseMs * 1.5, 100)) {
      const leftMs = deadline - performance.now();
      await setTimeout(Math.max(0, Math.min(pauseMs, leftMs)));
      if ((await this.#look()) === 0) return true;
      if (leftMs <= 0) return false;
    }
  }

  /** Sends the signal to whoever has not had it, and returns how many are left; `undefined` when not all could be seen. */
  async #look(table?: ProcessTable | Unseen): Promise<number | undefined> {
    const [processes = [], marks] = await Promise.all([table ?? seen(processTable()), seen(this.#marked())]);
    this.#unseen = [processes, marks].find((one) => one instanceof Unseen);
    if (processes instanceof Unseen) {
      this.#signalKnown();
      return undefined;
    }
    const pids = marks instanceof Unseen ? [] : marks;
    const members = this.#membersIn(processes, new Set(pids));
    const isFirst = ({ pid, group }: ProcessEntry): boolean => pid === this.#tree.pid || group === this.#tree.pid;
    const isHeadStart = this.#signal === 'SIGTERM' && !this.#isGroupWarned && members.some(isFirst);
    this.#isGroupWarned = true;
    for (const entry of members) {
      const { pid, startTime } = entry;
      if (this.#sent.get(pid) === this.#signal || (isHeadStart && !isFirst(entry))) continue;
      this.#sent.set(pid, this.#signal);
      if (this.#signal === 'SIGTERM' && this.#isGroupAsked && isFirst(entry)) continue;
      if (isStill(pid, startTime)) send(pid, this.#signal);
    }
    return this.#unseen === undefined ? members.length : undefined;
  }

  /** Sends the signal to whoever is known without a look: the child's group, the child, and who was seen before. */
  #signalKnown(): void {
    const { pid: group, startTime } = this.#tree;
    if (this.#signal === 'SIGKILL' || !this.#isGroupAsked) {
      const isLeading = signalGroup(group, this.#signal);
      if (this.#signal === 'SIGTERM') this.#isGroupAsked = true;
      // One that leads no group is to be told itself. Without a start time it is only the name of a group.
      if (!isLeading && startTime !== undefined) send(group, this.#signal);
    }
    for (const pid of this.#members.keys()) {
      if (pid === group || this.#sent.get(pid) === this.#signal) continue;
      this.#sent.set(pid, this.#signal);
      send(pid, this.#signal);
    }
  }

  async #marked(): Promise<readonly number[]> {
    return this.#tree.mark === undefined ? [] : await marked(this.#tree.mark);
  }

  #membersIn(table: ProcessTable, marks: ReadonlySet<number>): ProcessEntry[] {
    const members = new Map<number, ProcessEntry>();
    // While a group has members its id is nobody's pid but its leader's.
    const leader = table.find(({ pid }) => pid === this.#tree.pid);
    const isGroupOurs = leader === undefined || leader.startTime === this.#tree.startTime;
    const isMember = ({ pid, parentPid, group, startTime }: ProcessEntry): boolean =>
      (isGroupOurs && (group === this.#tree.pid || pid === this.#tree.pid)) ||
      marks.has(pid) ||
      this.#members.get(pid) === startTime ||
      members.has(parentPid);
    // A child may stand before its parent in the table, so it is read until nothing is added.
    for (let size = -1; size !== members.size;) {
      size = members.size;
      for (const entry of table) {
        if (!members.has(entry.pid) && entry.pid !== process.pid && isMember(entry)) members.set(entry.pid, entry);
      }
    }
    for (const { pid, startTime } of members.values()) this.#members.set(pid, startTime);
    this.#sawGroup = members.values().some(({ group }) => group === this.#tree.pid);
    return [...members.values()];
  }
}

/** It may have ended since, and its pid may be another's. When that cannot be told, it was there a moment ago. */
function isStill(pid: number, startTime: string): boolean {
  try {
    return entryOf(pid)?.startTime === startTime;
  } catch (error) {
    if (cannotLook(error)) return true;
    throw error;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // it has ended, or is another user's
  }
}
