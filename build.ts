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
        {
          name: 'core',
          test: /\/src\/core\/(node-version|errors|attributes|compile-cache|invalid|own-folder|parameter-text|pathspec|version|duration)\.ts$/,
        },
        { name: 'flags', test: /\/src\/core\/(flags|nearest)\.ts$/ },
        { name: 'artifact-files', test: /\/src\/store\/(artifact-files|encoding|home-folder)\.ts$/ },
        { name: 'secret-forms', test: /\/src\/engine\/(secret-forms|cards\/escape-html)\.ts$/ },
        { name: 'flow-spec', test: /\/src\/flow\/(flow-spec|definition|current)\.ts$/ },
        {
          name: 'graph',
          test: /\/src\/(flow\/(graph|resolve-parameters|encode-parameters)|engine\/(frontier|fits|task-sources))\.ts$/,
        },
      ],
    },
  },
});
chmodSync('dist/cli.js', 0o755); // as npm does where it installs the package
