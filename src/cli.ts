#!/usr/bin/env node
import './core/node-version.ts';
import module from 'node:module';
import { privateCompileCache } from './process/private-cache.ts';

// The rest is loaded from here on, since only what is imported now comes from the cache.
const cache = privateCompileCache();
if (cache !== undefined) module.enableCompileCache(cache);
const { runCli } = await import('./cli/run-cli.ts');
await runCli(process.argv.slice(2));
