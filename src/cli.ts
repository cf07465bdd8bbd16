#!/usr/bin/env node
import './core/node-version.ts';
import module from 'node:module';
import { compileCacheFolder } from './core/compile-cache.ts';

// The rest is loaded from here on, since only what is imported now comes from the cache.
module.enableCompileCache(compileCacheFolder());
const { runCli } = await import('./cli/run-cli.ts');
await runCli(process.argv.slice(2));
