#!/usr/bin/env node
import module from 'node:module';

try {
  await import('./core/node-version.ts');
} catch (error) {
  process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
const { privateCompileCache } = await import('./process/private-cache.ts');
// The rest is loaded from here on, since only what is imported now comes from the cache.
const cache = privateCompileCache();
if (cache !== undefined) module.enableCompileCache(cache);
const { runCli } = await import('./cli/run-cli.ts');
await runCli(process.argv.slice(2));
