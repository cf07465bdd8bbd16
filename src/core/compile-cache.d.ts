/**
 * Where compiled flow scripts are kept between runs: a private folder of this user (`NODE_COMPILE_CACHE` of every child).
 * A TypeScript flow starts as fast as JavaScript with it.
 */
export declare function compileCacheFolder(): string;
