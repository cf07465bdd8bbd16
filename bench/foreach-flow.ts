import { type Place, program, wallMs } from './place.ts';

/** How many workers every foreach of the bench has. */
export const WORKERS = 2;

/** Runs `programs/foreach.ts`: a trivial task for each of `count` numbers. Resolves with the milliseconds it took. */
export function runForeach(place: Place, count: number, options: readonly string[] = []): Promise<number> {
  return foreachFlow(place, ['run', `--count=${count}`, ...options]);
}

/** Executes any command of it. */
export function foreachFlow({ folder: cwd, home, cachedEnv: env }: Place, args: readonly string[]): Promise<number> {
  const options = [`--max-workers=${WORKERS}`, '--max-num-splits=100000'];
  return wallMs([process.execPath, program('foreach.ts'), `--home=${home}`, ...args, ...options], { env, cwd });
}
