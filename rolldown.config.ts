import { defineConfig } from 'rolldown';

// One file per entry point and per command that is loaded on demand: a flow script starts twice for every run, and each
// module file costs a fifth of a millisecond there.
export default defineConfig({
  input: { index: 'src/index.ts', flow: 'src/flow.ts' },
  platform: 'node',
  external: /^[^./]/,
  output: { dir: 'dist', chunkFileNames: '[name].js', sourcemap: false },
});
