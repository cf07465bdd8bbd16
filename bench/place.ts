import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCacheFolder } from '../src/core/compile-cache.ts';

/** A temporary folder to measure in, with a home and a compile cache of its own. Disposing it removes it. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly home: string;
  /** What every child is started with. `NODE_COMPILE_CACHE` is not among it. */
  readonly env: NodeJS.ProcessEnv;
  /** The same with `NODE_COMPILE_CACHE`, as the Runner starts a flow. */
  readonly cachedEnv: NodeJS.ProcessEnv;
}

/** Makes a place, and makes its compile cache the one that raceway uses in this process. */
export async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
  const { NODE_COMPILE_CACHE: _, ...env } = process.env;
  return {
    folder,
    home: join(folder, 'home'),
    env,
    cachedEnv: { ...env, NODE_COMPILE_CACHE: compileCacheFolder() },
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true, maxRetries: 5 });
    },
  };
}

/** Where and how a command is started. */
export interface Start {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** The descriptor of a file that what it prints is written to. @default 'ignore' */
  readonly stdout?: number | 'ignore';
}

/** How long a command takes from its start to its exit, in milliseconds. */
export async function wallMs(
  [file = '', ...args]: readonly string[],
  { env, cwd, stdout = 'ignore' }: Start,
): Promise<number> {
  const startMs = performance.now();
  const child = spawn(file, args, { env, cwd, stdio: ['ignore', stdout, 'ignore'] });
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  const tookMs = performance.now() - startMs;
  if (exitCode !== 0) throw new Error(`could not measure ${[file, ...args].join(' ')}: exit status ${exitCode}`);
  return tookMs;
}

/** The path of a program that is measured. */
export function program(name: string): string {
  return join(import.meta.dirname, 'programs', name);
}
