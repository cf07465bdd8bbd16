import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stagedFolder } from '../../src/store/home-folder.ts';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill, type Injection } from '../injection.ts';
import type { FoundProcess } from '../processes.ts';

const MEGABYTES = 32;

/**
 * A worker, its run process or the parent is killed while the worker writes a large artifact: some milliseconds after its file has
 * a megabyte. That it struck inside the writing is counted when the file is there afterwards and shorter than it ought to be.
 */
export const killWhileWriting: Fault = {
  name: 'kill-while-writing',
  title: `SIGKILL of a worker, its run process or the parent while an artifact of ${MEGABYTES} MB is written`,
  times: { full: 150, bounded: 2 },
  async strike(injection) {
    await injection.undisturbed([`--megabytes=${MEGABYTES}`]);
    const parent = injection.startParent({ parameters: { megabytes: MEGABYTES } });
    let isOver = false;
    void parent.ended.then(() => (isOver = true));
    let temporary = largeFileIn(injection.home);
    for (; temporary === undefined && !isOver; temporary = largeFileIn(injection.home)) await setTimeout(1);
    await setTimeout(injection.random.between(0, 12));
    const role = injection.random.pick(['worker', 'run', 'parent'] as const);
    const victim = temporary === undefined ? undefined : victimOf(injection, { role, temporary });
    if (victim === undefined || !kill(victim.pid, 'SIGKILL')) injection.miss('nobody was writing');
    else {
      const size = temporary === undefined ? undefined : statSync(temporary, { throwIfNoEntry: false })?.size;
      const isInside = size !== undefined && size < MEGABYTES * 1_000_000;
      injection.count(isInside ? `inside the writing, ${role}` : 'next to it');
    }
    const { stdout } = await parent.ended;
    await aftermath(injection, { handle: heard(stdout, 'ended'), parameters: [`--megabytes=${MEGABYTES}`] });
    if (largeFileIn(injection.home) !== undefined) injection.count('a temporary artifact file was left in the home');
  },
};

/** A file of the large artifact that is being written, or was left so: runs put what they write aside until it is committed. */
function largeFileIn(home: string): string | undefined {
  const folder = dirname(stagedFolder(home, 'Struck', '0'));
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .find((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats?.isFile() === true && stats.size >= 1_000_000;
    });
}

/** For a worker, the one that has the file open. */
function victimOf(
  injection: Injection,
  { role, temporary }: { role: 'worker' | 'run' | 'parent'; temporary: string },
): FoundProcess | undefined {
  const candidates = injection.processes(role);
  return role === 'worker' ? candidates.find(({ pid }) => hasOpen(pid, temporary)) : candidates[0];
}

function hasOpen(pid: number, file: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === file;
      } catch {
        return false; // closed meanwhile
      }
    });
  } catch {
    return false; // it has ended
  }
}
