import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    // What a flow script gets when it imports the package.
    alias: [
      { find: /^raceway\/flow$/, replacement: new URL('dist/flow.js', import.meta.url).pathname },
      { find: /^raceway\/testing$/, replacement: new URL('dist/testing.js', import.meta.url).pathname },
      { find: /^raceway$/, replacement: new URL('dist/index.js', import.meta.url).pathname },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // More than there are processors, because most of the time is spent waiting for child processes.
    maxWorkers: 3,
    // Of the tests that a file runs at once: more of them do not end sooner, and each would come nearer to its limit.
    maxConcurrency: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
