import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { NotInjectable } from './fault.ts';

/** A small disk of its own, in memory. */
export interface Disk extends Disposable {
  /** Makes it as large as that; what is on it stays. */
  resize(sizeBytes: number): void;
}

const mounted = new Set<string>();

/**
 * Mounts a disk of this size on a folder, which is made. Disposing it takes it away, and so does the end of this process.
 *
 * @throws {NotInjectable} where mounting is not allowed
 */
export function mountDisk(path: string, sizeBytes: number): Disk {
  mkdirSync(path, { recursive: true });
  watchEnd();
  try {
    call('mount', '-t', 'tmpfs', '-o', `size=${Math.ceil(sizeBytes / 4096) * 4096},mode=700`, 'chaos', path);
  } catch (error) {
    throw new NotInjectable(`no disk can be mounted here: ${String(error)}`);
  }
  mounted.add(path);
  return {
    resize: (bytes) => call('mount', '-o', `remount,size=${bytes}`, path),
    [Symbol.dispose]: () => unmount(path),
  };
}

/** A disk that can fail. */
export interface FailingDisk extends Disposable {
  /** Nothing can be written any more, not even to files that are open. What was written a moment before may be lost. */
  abort(): void;
  /** Takes it away, checks it and mounts it again. */
  mountAgain(): void;
}

/**
 * Mounts a file that holds an ext4 file system on a folder. Disposing it takes it away, and so does the end of this process.
 *
 * @throws {NotInjectable} where mounting is not allowed
 */
export function mountImage(path: string, image: string): FailingDisk {
  watchEnd();
  const mount = (): void => call('mount', '-o', 'loop', image, path);
  try {
    mount();
  } catch (error) {
    throw new NotInjectable(`no disk can be mounted here: ${String(error)}`);
  }
  mounted.add(path);
  return {
    abort: () => {
      call('sync', '-f', path);
      call('mount', '-o', 'remount,abort', path);
    },
    mountAgain: () => {
      unmount(path);
      try {
        call('fsck.ext4', '-p', image);
      } catch {
        // its status says that it mended something; what it could not mend, the mount refuses
      }
      mount();
      mounted.add(path);
    },
    [Symbol.dispose]: () => unmount(path),
  };
}

/** Lazily where something still holds it, so that nothing is left on the machine in any case. */
function unmount(path: string): void {
  try {
    call('umount', path);
  } catch {
    call('umount', '-l', path);
  }
  mounted.delete(path);
}

let watches = false;

function watchEnd(): void {
  if (watches) return;
  watches = true;
  process.on('exit', () => {
    for (const path of mounted) unmount(path);
  });
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(status));
  }
}

function call(file: string, ...args: readonly string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
