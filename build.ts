// Makes the JavaScript of dist/; `tsc` adds the types. One file per entry point and per command that is loaded on demand:
// a flow script starts twice for every run, and each module file costs a fifth of a millisecond there.
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'rolldown';
import { parseAst } from 'rolldown/parseAst';

/** Dependencies that go along; docs/decisions/bundling.md says why these do and no others. */
const BUNDLED: readonly string[] = ['devalue'];

rmSync('dist', { recursive: true, force: true });
await build({
  input: { index: 'src/index.ts', flow: 'src/flow.ts', testing: 'src/testing.ts', cli: 'src/cli.ts' },
  platform: 'node',
  external: (id) => /^[^./]/.test(id) && !BUNDLED.includes(id),
  plugins: [builtinsAsObjects(), licences()],
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

/**
 * Takes what is imported from Node's own modules out of their objects instead. For an `import` Node reads all that such a
 * module exports, also what it would load only when it is asked for: `node:fs` brings `node:fs/promises` and all streams,
 * `node:util` more. That takes some 5 ms of each process. A Node that is too old to have the function is told so by node-version.ts.
 */
function builtinsAsObjects(): Plugin {
  return {
    name: 'builtins-as-objects',
    renderChunk(code) {
      const imports = parseAst(code).body.filter((node) => node.type === 'ImportDeclaration');
      return imports.reduceRight((text, { source, specifiers, start, end }) => {
        if (!source.value.startsWith('node:')) return text;
        const names = specifiers.flatMap((one) => {
          if (one.type !== 'ImportSpecifier') return [];
          const { imported, local } = one;
          if (imported.type !== 'Identifier') throw new Error(`cannot import ${imported.value} from an object`);
          return [imported.name === local.name ? local.name : `${imported.name}: ${local.name}`];
        });
        const wholes = specifiers.flatMap((one) => (one.type === 'ImportSpecifier' ? [] : [one.local.name]));
        const module = `process.getBuiltinModule?.(${JSON.stringify(source.value)}) ?? {}`;
        const lines = wholes.map((name) => `const ${name} = ${module};`);
        if (names.length > 0) lines.push(`const { ${names.join(', ')} } = ${module};`);
        return text.slice(0, start) + lines.join('\n') + text.slice(end);
      }, code);
    },
  };
}

/** What is bundled goes along with its licence, as that demands. */
function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle(_, bundle) {
      const files = Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []));
      const folders = new Set(files.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []));
      const texts = [...folders].map((folder) => {
        return `${basename(folder)}\n\n${readFileSync(join(folder, 'LICENSE'), 'utf8')}`;
      });
      this.emitFile({ type: 'asset', fileName: 'third-party-licences.txt', source: texts.join('\n\n') });
    },
  };
}
