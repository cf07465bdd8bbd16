import { homedir } from 'node:os';
import { join } from 'node:path';
/**
 * Where compiled flow scripts are kept between runs: a private folder of this user (`NODE_COMPILE_CACHE` of every child).
 * A TypeScript flow starts as fast as JavaScript with it.
 */
export function compileCacheFolder() {
    const caches = process.env['XDG_CACHE_HOME'];
    return join(caches === undefined || caches === '' ? join(homedir(), '.cache') : caches, 'raceway', 'compile');
}
