// Makes the JavaScript of dist/; `tsc` adds the types. One file per entry point and per command that is loaded on demand:
// a flow script starts twice for every run, and each module file costs a fifth of a millisecond there.
import { chmodSync, rmSync } from 'node:fs';
import { build } from 'rolldown';

rmSync('dist', { recursive: true, force: true });
await build({
  input: { index: 'src/index.ts', flow: 'src/flow.ts', testing: 'src/testing.ts', cli: 'src/cli.ts' },
  platform: 'node',
  external: /^[^./]/,
  output: {
    dir: 'dist',
    chunkFileNames: '[name].js',
    // What the entry points share is cut by who uses it. These pieces go together all the same: the entry point for tests
    // may well load some of what it does not use, while the others have fewer files to load.
    codeSplitting: {
      groups: [
        { name: 'flags', test: /\/src\/core\/(flags|nearest)\.ts$/, priority: 1 },
        { name: 'core', test: /\/src\/(core\/|process\/private-cache\.ts$)/ },
        {
          name: 'process',
          test: /\/src\/process\/(guardian|groups|end-tree|identity|marked|process-\w+|shared-reading)\.ts$/,
        },
        { name: 'artifact-files', test: /\/src\/store\/(artifact-files|encoding|home-folder)\.ts$/ },
        {
          name: 'flow-spec',
          test: /\/src\/flow\/(flow-spec|definition|current|task-instance|secret-values|step-policy)\.ts$/,
        },
        {
          name: 'task',
          test: /\/src\/engine\/(execute-task|run-parameters|task-cards|foreach-stack|exception|secret-mask)\.ts$/,
        },
        { name: 'with-specs', test: /\/src\/flow\/with-specs\.ts$/ },
        {
          name: 'graph',
          test: /\/src\/(flow\/(graph|resolve-parameters|encode-parameters|checked-graph|resolve-configs)|engine\/(frontier|fits|task-sources)|program\/flow-values)\.ts$/,
        },
        { name: 'sqlite-store', test: /\/src\/store\/sqlite-store\.ts$/ },
        { name: 'program', test: /\/src\/program\/(program|attribute-file)\.ts$/ },
        // Apart from the rest of the engine: a worker is started as soon as these are loaded.
        { name: 'worker-pool', test: /\/src\/engine\/(worker-pool|log-follower)\.ts$/ },
        { name: 'run-session', test: /\/src\/program\/run-session\.ts$/ },
      ],
    },
  },
});
chmodSync('dist/cli.js', 0o755); // as npm does where it installs the package
