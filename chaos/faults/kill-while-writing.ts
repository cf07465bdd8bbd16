import { mkdirSync, readdirSync, readlinkSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { artifactFile } from '../../src/store/home-folder.ts';
import { aftermath } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill, type Injection } from '../injection.ts';
import type { FoundProcess } from '../processes.ts';

const MEGABYTES = 32;

/**
 * A worker, its run process or the parent is killed while the worker writes a large artifact. What the artifact will be called is
 * known from an undisturbed run, so its folder is made and watched: the fault strikes some milliseconds after the temporary
 * file has appeared. That it struck inside the writing is counted when the file is there afterwards and shorter than it ought to be.
 */
export const killWhileWriting: Fault = {
  name: 'kill-while-writing',
  title: `SIGKILL of a worker, its run process or the parent while an artifact of ${MEGABYTES} MB is written`,
  times: { full: 150, bounded: 3 },
  async strike(injection) {
    const { largeSha256 } = await injection.undisturbed([`--megabytes=${MEGABYTES}`]);
    const file = artifactFile(injection.home, largeSha256);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const appeared = Promise.withResolvers<string | undefined>();
    const watcher = watch(dirname(file), (_, name) => {
      const path = join(dirname(file), name ?? '');
      if (path.startsWith(`${file}.`)) appeared.resolve(path);
    });
    const parent = injection.startParent({ parameters: { megabytes: MEGABYTES } });
    void parent.ended.then(() => appeared.resolve(undefined));
    const temporary = await appeared.promise;
    watcher.close();
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
    const left = readdirSync(dirname(file)).filter((name) => name.includes('.'));
    if (left.length > 0) injection.count('a temporary artifact file was left in the home');
  },
};

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
