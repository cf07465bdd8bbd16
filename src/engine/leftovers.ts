import { fstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { OWN_FOLDER } from '../core/own-folder.ts';
import { databaseFile } from '../store/home-folder.ts';
import type { OwnStat } from './own-stat.ts';
import { hasPassingThread, watchThreads } from './own-threads.ts';

/** A worker that has grown by more than this is better replaced: its memory is missing elsewhere. */
const MAX_GROWTH_KB = 1_000_000;

/** How often, a millisecond apart, is looked for the end of what may end by itself: for less than a new worker takes to start. */
const LOOKS = 20;

/** How often in all when a thread works meanwhile that may be about to end. */
const LOOKS_FOR_THREAD = 1000;

/** Only Linux tells of memory, threads and descriptors; elsewhere they are not looked at. */
const HAS_PROC = process.platform === 'linux';

/** What a task left behind. Each is worded to follow "left", as in `a Timeout`. */
interface Leftovers {
  /** What stays until somebody does something about it. */
  readonly lasting: readonly string[];
  /** What may be about to end by itself: a file that is just being closed, the pipes of a child process that has exited. */
  readonly passing: readonly string[];
}

/**
 * Remembers how the process looks before its first task and says after each what was left behind: a worker that is not as
 * it was found is not used again. What lives in modules, globals and prototypes, and what was told not to keep the
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
  const look = (): Leftovers => {
    const now = stat.read();
    const files = findFiles();
    const lasting = [...lookAtState()].flatMap(([what, value]) => (state.get(what) === value ? [] : [what]));
    const passing = [...findThreads(now.threads), ...files.open];
    if (files.isStreamClosed) lasting.push('a closed stream');
    if (replaceableFunctions().some((one, index) => one !== functions[index])) lasting.push('a replaced function');
    if (wasUmaskSet()) lasting.push('another umask');
    if (now.residentKb - residentKb > MAX_GROWTH_KB) lasting.push('much memory');
    for (const [resource, count] of countResources()) {
      if (count <= (resources.get(resource) ?? 0)) continue;
      (resource === 'Timeout' ? lasting : passing).push(`${/^[AEIOU]/.test(resource) ? 'an' : 'a'} ${resource}`);
    }
    return { lasting, passing };
  };
  return async () => {
    try {
      for (let looks = 1, idleLooks = 1; ; looks++, idleLooks++) {
        const { lasting, passing } = look();
        if (passing.length > 0 && hasPassingThread()) idleLooks = 0;
        if (passing.length === 0 || idleLooks > LOOKS || looks > LOOKS_FOR_THREAD) return [...lasting, ...passing];
        await (looks === 1 ? setImmediate() : setTimeout(1)); // what was closed a moment ago takes a turn to be gone
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

interface FilesFound {
  /** `an open file` for each. */
  readonly open: readonly string[];
  /** Whether stdin, stdout or stderr is. */
  readonly isStreamClosed: boolean;
}

/** Tells of files that are open and were not, but for those whose path begins with one of `ours`. */
function watchFiles(ours: readonly string[]): () => FilesFound {
  const first = new Map(descriptors().map((descriptor) => [descriptor, targetOf(descriptor)]));
  // The rest of `first` is not known for good: files that are just being read close, and others get their numbers.
  let known: ReadonlySet<string> = new Set(STANDARD_STREAMS);
  let knownCount = countDescriptors();
  return () => {
    // Newer kernels tell how many there are at once; as long as that stays the same, the list is the same.
    const count = countDescriptors();
    if (count > 0 && count === knownCount && STANDARD_STREAMS.every(isOpen)) return { open: [], isStreamClosed: false };
    const open: string[] = [];
    const now = descriptors();
    const fine = new Set<string>();
    for (const descriptor of now) {
      const target = known.has(descriptor) ? '' : targetOf(descriptor);
      if (target === undefined) continue; // the one that the list was read with
      const isOurs = target === first.get(descriptor) || ours.some((path) => target.startsWith(path));
      // Node itself opens pipes and the like; sockets may be connections that `fetch` keeps for the next request.
      if (isOurs || !target.startsWith('/')) fine.add(descriptor);
      else open.push('an open file');
    }
    const isStreamClosed = HAS_PROC && !STANDARD_STREAMS.every((stream) => fine.has(stream));
    known = fine;
    knownCount = open.length === 0 && !isStreamClosed ? count : -1;
    return { open, isStreamClosed };
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
