import { openSync, readdirSync, readFileSync, readlinkSync, readSync, realpathSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OWN_FOLDER } from '../core/own-folder.ts';

/** A worker that has grown by more than this is better replaced: its memory is missing elsewhere. */
const MAX_GROWTH_KB = 1_000_000;

/** Only Linux tells of umask, memory, threads and descriptors; elsewhere they are not looked at. */
const HAS_PROC = process.platform === 'linux';

/**
 * Remembers how the process looks before its first task and says after each what was left behind: a worker that is not as
 * it was found is not used again. What lives in modules, globals and prototypes, and what was told not to keep the
 * process alive (`unref()`), is not looked for.
 *
 * @param home the home of the run, where the library itself keeps files open
 */
export function lookAround(home: string): () => readonly string[] {
  const state = lookAtState();
  const functions = replaceableFunctions();
  const resources = countResources();
  const readStatus = statusReader();
  const { umask, sizeKb = 0, threads } = readStatus();
  const findThreads = watchThreads(threads);
  const findFiles = watchFiles([realpathSync(home) + sep, fileURLToPath(OWN_FOLDER)]);
  const look = (): readonly string[] => {
    const now = readStatus();
    const leftovers = [...findThreads(now.threads), ...findFiles()];
    for (const [what, value] of lookAtState()) if (state.get(what) !== value) leftovers.push(what);
    if (replaceableFunctions().some((one, index) => one !== functions[index])) leftovers.push('a replaced function');
    if (now.umask !== umask) leftovers.push('another umask');
    if ((now.sizeKb ?? 0) - sizeKb > MAX_GROWTH_KB) leftovers.push('much memory');
    for (const [resource, count] of countResources()) {
      if (count > (resources.get(resource) ?? 0)) leftovers.push(resource);
    }
    return leftovers;
  };
  return () => {
    try {
      return look();
    } catch (error) {
      return [String(error)]; // there is no descriptor left to look with, for one
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

interface Status {
  readonly umask?: string | undefined;
  readonly sizeKb?: number | undefined;
  readonly threads?: string | undefined;
}

/** Asks the kernel about the process: `process.umask()` could only tell by setting it for a moment. */
function statusReader(): () => Status {
  if (!HAS_PROC) return () => ({});
  const descriptor = openSync('/proc/self/status', 'r'); // opening it each time would take twice as long as the rest
  const bytes = Buffer.alloc(4096);
  return () => {
    const text = bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, bytes.byteLength, 0));
    const [, umask, size, threads] = /^Umask:\s*(\d+)[^]*?^VmRSS:\s*(\d+)[^]*?^Threads:\s*(\d+)/m.exec(text) ?? [];
    return { umask, sizeKb: Number(size), threads };
  };
}

/** Tells of threads that are there and were not, but for those that Node starts when it first needs them for a file. */
function watchThreads(first: string | undefined): (count: string | undefined) => readonly string[] {
  let known = first;
  const others = countOtherThreads();
  return (count) => {
    if (count === known) return [];
    if (countOtherThreads() > others) return ['a thread'];
    known = count;
    return [];
  };
}

function countOtherThreads(): number {
  const threads = HAS_PROC ? readdirSync('/proc/self/task') : [];
  return threads.filter((id) => readThreadName(id) !== 'libuv-worker\n').length;
}

function readThreadName(id: string): string | undefined {
  try {
    return readFileSync(`/proc/self/task/${id}/comm`, 'latin1');
  } catch {
    return undefined; // it has just ended
  }
}

/** Tells of files that are open and were not, but for those in `folders`, which end with a separator. */
function watchFiles(folders: readonly string[]): () => readonly string[] {
  const first = new Map(descriptors().map((descriptor) => [descriptor, targetOf(descriptor)]));
  // The rest of `first` is not known for good: files that are just being read close, and others get their numbers.
  let known: ReadonlySet<string> = new Set(STANDARD_STREAMS);
  return () => {
    const leftovers: string[] = [];
    const now = descriptors();
    const fine = new Set<string>();
    for (const descriptor of now) {
      const target = known.has(descriptor) ? '' : targetOf(descriptor);
      if (target === undefined) continue; // the one that the list was read with
      const isOurs = target === first.get(descriptor) || folders.some((folder) => target.startsWith(folder));
      // Node itself opens pipes and the like; sockets may be connections that `fetch` keeps for the next request.
      if (isOurs || !target.startsWith('/')) fine.add(descriptor);
      else leftovers.push('an open file');
    }
    if (HAS_PROC && !STANDARD_STREAMS.every((stream) => fine.has(stream))) leftovers.push('a closed stream');
    known = fine;
    return leftovers;
  };
}

const STANDARD_STREAMS = ['0', '1', '2'];

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
