import { existsSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { stagedFolder } from '../../src/store/home-folder.ts';
import { aftermath, recordsAreWhole } from '../aftermath.ts';
import type { Fault } from '../fault.ts';
import { heard } from '../heard.ts';
import { kill, type Injection } from '../injection.ts';
import type { FoundProcess } from '../processes.ts';

const MEGABYTES = 32;

/** No other artifact of the flow has more. */
const OTHERS_BYTES = 150_000;

/**
 * A worker, its run process or the parent is killed while the worker writes a large artifact: when its file has some of it, and
 * the file is there afterwards and shorter than it ought to be. `raceway gc` then drops what is left of it.
 */
export const killWhileWriting: Fault = {
  name: 'kill-while-writing',
  title: `SIGKILL of a worker, its run process or the parent while an artifact of ${MEGABYTES} MB is written`,
  times: { full: 60, bounded: 2 },
  async strike(injection) {
    await injection.undisturbed([`--megabytes=${MEGABYTES}`]);
    const parent = injection.startParent({ parameters: { megabytes: MEGABYTES } });
    let isOver = false;
    void parent.ended.then(() => (isOver = true));
    const wantedBytes = injection.random.between(0.05, 0.8) * MEGABYTES * 1_000_000;
    const role = injection.random.pick(['worker', 'run', 'parent'] as const);
    let temporary = largeFileIn(injection.home);
    for (; temporary === undefined && !isOver; temporary = largeFileIn(injection.home)) await setTimeout(1);
    const victim = temporary === undefined ? undefined : victimOf(injection, { role, temporary });
    if (temporary === undefined || victim === undefined) injection.miss('nobody was writing');
    else {
      waitForBytes(temporary, wantedBytes);
      const isKilled = kill(victim.pid, 'SIGKILL');
      const size = statSync(temporary, { throwIfNoEntry: false })?.size;
      if (isKilled && size !== undefined && size < MEGABYTES * 1_000_000)
        injection.count(`inside the writing, ${role}`);
      else injection.miss('it was written');
    }
    const { stdout } = await parent.ended;
    const facts = { handle: heard(stdout, 'ended'), parameters: [`--megabytes=${MEGABYTES}`] };
    await aftermath(injection, facts);
    if (stagedFilesIn(injection.home).length > 0) injection.count('a temporary artifact file was left in the home');
    const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js');
    const gc = await injection.start([process.execPath, cli, 'gc', `--home=${injection.home}`]).ended;
    injection.check('raceway gc succeeds', gc.exitCode !== 0 && gc.stderr);
    const left = stagedFilesIn(injection.home);
    injection.check('no temporary artifact file is left after raceway gc', left.length > 0 && left.join(', '));
    await recordsAreWhole(injection, facts);
  },
};

/** Waits without letting go: what is waited for takes milliseconds. */
function waitForBytes(file: string, wantedBytes: number): void {
  const deadline = performance.now() + 500;
  while (performance.now() < deadline) {
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined || size >= wantedBytes) return;
  }
}

/** A file of the large artifact that is being written, or was left so: runs put what they write aside until it is committed. */
function largeFileIn(home: string): string | undefined {
  return stagedFilesIn(home).find((path) => Number(statSync(path, { throwIfNoEntry: false })?.size) > OTHERS_BYTES);
}

function stagedFilesIn(home: string): readonly string[] {
  const folder = dirname(stagedFolder(home, 'Struck', '0'));
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
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
