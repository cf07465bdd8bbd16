import { fstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OWN_FOLDER } from '../core/own-folder.ts';
import { databaseFile } from '../store/home-folder.ts';
import type { OwnStat } from './own-stat.ts';
import { hasPassingThread, watchThreads } from './own-threads.ts';

/** A worker that has grown by more than this is better replaced: its memory is missing elsewhere. */
const MAX_GROWTH_KB = 1_000_000;

/** How long a thread is waited for that may be about to end, in milliseconds. */
const PASSING_MS = 1000;

/** Only Linux tells of memory, threads and descriptors; elsewhere they are not looked at. */
const HAS_PROC = process.platform === 'linux';

/**
 * Remembers how the process looks before its first task and says after each what was left behind: a worker that is not as
 * it was found is not used again. Each leftover is worded to follow "left", as in `a Timeout`. What lives in modules, globals and prototypes, and what was told not to keep the
 * process alive (`unref()`), is not looked for.
 *
 * @param home the home of the run, whose database the library itself keeps open
 * @param stat what the kernel tells of this process
 */
export function lookAround(home: string, stat: OwnStat): () => Promise<readonly string[]> {
  const state = lookAtState();
  const functions = replaceableFunctions();
  const resources = countResources();
  const wasUmaskSet = watchUmask();
  const { residentKb, threads } = stat.read();
  const findThreads = watchThreads(threads);
  const findFiles = watchFiles([databaseFile(realpathSync(home)), fileURLToPath(OWN_FOLDER)]);
  const look = (): readonly string[] => {
    const now = stat.read();
    const leftovers = [...findThreads(now.threads), ...findFiles()];
    for (const [what, value] of lookAtState()) if (state.get(what) !== value) leftovers.push(what);
    if (replaceableFunctions().some((one, index) => one !== functions[index])) leftovers.push('a replaced function');
    if (wasUmaskSet()) leftovers.push('another umask');
    if (now.residentKb - residentKb > MAX_GROWTH_KB) leftovers.push('much memory');
    for (const [resource, count] of countResources()) {
      if (count > (resources.get(resource) ?? 0))
        leftovers.push(`${/^[AEIOU]/.test(resource) ? 'an' : 'a'} ${resource}`);
    }
    return leftovers;
  };
  return async () => {
    try {
      if (look().length === 0) return [];
      await setImmediate(); // what was closed a moment ago takes a turn to be gone
      const start = process.uptime(); // `performance` would take a millisecond to load
      for (;;) {
        const leftovers = look();
        const isLate = (process.uptime() - start) * 1000 > PASSING_MS;
        if (leftovers.length === 0 || isLate || !hasPassingThread()) return leftovers;
        await setTimeout(1);
      }
    } catch (error) {
      return [`what cannot be looked at (${String(error)})`]; // there is no descriptor left to look with, for one
    }
  };
}

/** What belongs to the process as a whole, by what it is when it is another. */
function lookAtState(): ReadonlyMap<string, unknown> {
  const listeners = process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
  return new Map<string, unknown>([
    ['another working folder', currentFolder()],
    ['a changed environment', JSON.stringify(process.env)],
    ['another title', process.title],
    ['an exit status', process.exitCode],
    ['other listeners', listeners.toSorted().join()],
  ]);
}

/** Functions that are sometimes replaced to see what is printed. */
function replaceableFunctions(): readonly unknown[] {
  const streams = [process.stdout, process.stderr].map((stream): unknown => Reflect.get(stream, 'write'));
  return [...Object.values(console as unknown as Readonly<Record<string, unknown>>), ...streams];
}

/** What keeps the event loop alive: `Timeout`, `TCPSocketWrap`, `ChildProcess`, … */
function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const resource of process.getActiveResourcesInfo()) {
    if (resource === 'CloseReq') continue; // a file that was awaited and is just being closed
    counts.set(resource, (counts.get(resource) ?? 0) + 1);
  }
  return counts;
}

/** Notes whether the umask was set: to ask for it would be to set it for a moment. */
function watchUmask(): () => boolean {
  const umask = Reflect.get(process, 'umask') as (...parameters: readonly unknown[]) => unknown;
  let wasSet = false;
  Reflect.set(process, 'umask', (...parameters: readonly unknown[]) => {
    wasSet ||= parameters.length > 0;
    return umask(...parameters);
  });
  return () => wasSet;
}

/** Tells of files that are open and were not, but for those whose path begins with one of `ours`. */
function watchFiles(ours: readonly string[]): () => readonly string[] {
  const first = new Map(descriptors().map((descriptor) => [descriptor, targetOf(descriptor)]));
  // The rest of `first` is not known for good: files that are just being read close, and others get their numbers.
  let known: ReadonlySet<string> = new Set(STANDARD_STREAMS);
  let knownCount = countDescriptors();
  return () => {
    // Newer kernels tell how many there are at once; as long as that stays the same, the list is the same.
    const count = countDescriptors();
    if (count > 0 && count === knownCount && STANDARD_STREAMS.every(isOpen)) return [];
    const leftovers: string[] = [];
    const now = descriptors();
    const fine = new Set<string>();
    for (const descriptor of now) {
      const target = known.has(descriptor) ? '' : targetOf(descriptor);
      if (target === undefined) continue; // the one that the list was read with
      const isOurs = target === first.get(descriptor) || ours.some((path) => target.startsWith(path));
      // Node itself opens pipes and the like; sockets may be connections that `fetch` keeps for the next request.
      if (isOurs || !target.startsWith('/')) fine.add(descriptor);
      else leftovers.push('an open file');
    }
    if (HAS_PROC && !STANDARD_STREAMS.every((stream) => fine.has(stream))) leftovers.push('a closed stream');
    known = fine;
    knownCount = leftovers.length === 0 ? count : -1;
    return leftovers;
  };
}

const STANDARD_STREAMS = ['0', '1', '2'];

/** How many descriptors are open; 0 where the kernel does not say. */
function countDescriptors(): number {
  return HAS_PROC ? statSync('/proc/self/fd').size : 0;
}

function isOpen(descriptor: string): boolean {
  try {
    fstatSync(Number(descriptor));
    return true;
  } catch {
    return false;
  }
}

function descriptors(): readonly string[] {
  return HAS_PROC ? readdirSync('/proc/self/fd') : [];
}

function targetOf(descriptor: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return undefined; // it is closed
  }
}

function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined; // it was removed
  }
}
