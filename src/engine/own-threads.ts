import { readdirSync, readFileSync } from 'node:fs';

interface Thread {
  readonly id: string;
  readonly name: string;
  /** Computing, or waiting for the disk; otherwise it waits for somebody to give it work. */
  readonly isAtWork: boolean;
}

const MAIN = String(process.pid);

/** Tells of threads that are there and were not. `count` is how many there are, of any kind. */
export function watchThreads(first: number): (count: number) => readonly string[] {
  let known = first;
  const others = otherThreads().filter((thread) => !isPassing(thread)).length;
  return (count) => {
    if (count === known) return [];
    if (otherThreads().length > others) return ['a thread'];
    known = count;
    return [];
  };
}

/**
 * Whether there is a thread that may be about to end by itself, and which may have a file open. Node starts one when TLS is first
 * loaded, which `fetch` does: it reads certificates for some 20 ms (nodejs/node#59856).
 */
export function hasPassingThread(): boolean {
  return otherThreads().some(isPassing);
}

/** Nobody gave it a name, so it has the one of the main thread, and it works. */
function isPassing({ id, name, isAtWork }: Thread): boolean {
  return isAtWork && id !== MAIN && name === readThread(MAIN)?.name;
}

/** All but those that Node starts when it first needs them for a file. */
function otherThreads(): readonly Thread[] {
  const ids = process.platform === 'linux' ? readdirSync('/proc/self/task') : [];
  return ids.flatMap((id) => readThread(id) ?? []).filter(({ name }) => name !== 'libuv-worker');
}

function readThread(id: string): Thread | undefined {
  try {
    // The name stands in brackets and may hold anything, the state behind it; proc_pid_stat(5).
    const text = readFileSync(`/proc/self/task/${id}/stat`, 'latin1');
    const end = text.lastIndexOf(')');
    return { id, name: text.slice(text.indexOf('(') + 1, end), isAtWork: text[end + 2] !== 'S' };
  } catch {
    return undefined; // it has just ended
  }
}
