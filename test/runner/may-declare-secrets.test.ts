import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mayDeclareSecrets } from '../../src/runner/may-declare-secrets.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function judge(files: Readonly<Record<string, string>>): boolean {
  using folder = temporaryFolder();
  for (const [name, source] of Object.entries(files)) writeFileSync(folder.file(name), source);
  return mayDeclareSecrets(folder.file('flow.ts'));
}

const PLAIN = `import { FlowSpec, main } from 'raceway/flow';\nimport fs from 'fs';\nimport 'node:path';\n`;

test.for([
  ['imports raceway and Node only', { 'flow.ts': PLAIN }],
  ['imports files that do the same', { 'flow.ts': `${PLAIN}import './a.ts';`, 'a.ts': `${PLAIN}import './flow.ts';` }],
  ['asks whether it is the main module', { 'flow.ts': `${PLAIN}if (import.meta.main) await main(Flow);` }],
] as const)('a flow declares no secret when it %s', ([, files]) => {
  expect(judge(files)).toBe(false);
});

test('the flows of this project declare none, and a missing one does not', () => {
  expect(mayDeclareSecrets(fileURLToPath(new URL('../../flows/slowflow.ts', import.meta.url)))).toBe(false);
  expect(mayDeclareSecrets('/missing.ts')).toBe(false);
});

test.for([
  ['says so', { 'flow.ts': 'parameter.string({ secret: true })' }],
  ['may spell it with escapes', { 'flow.ts': String.raw`parameter.string({ '\u0073ecret': true })` }],
  ['imports a file that says so', { 'flow.ts': `import { a } from './a.ts'`, 'a.ts': '({ secret: true })' }],
  [
    'imports one that imports one',
    { 'flow.ts': `export * from "./a.ts"`, 'a.ts': `import './b.json'`, 'b.json': '{"secret":true}' },
  ],
  ['requires one', { 'flow.ts': `const a = require('./a.cjs')`, 'a.cjs': '({ secret: true })' }],
  ['imports one later', { 'flow.ts': `await import('./a.ts')`, 'a.ts': '({ secret: true })' }],
  ['imports a file that is not there', { 'flow.ts': `import './a.ts'` }],
  ['imports a package', { 'flow.ts': `import { parameters } from 'ours'` }],
  ['imports an alias', { 'flow.ts': `import { parameters } from '#ours'` }],
  ['imports what is computed', { 'flow.ts': 'await import(`./${name}.ts`)' }],
  ['imports behind a comment', { 'flow.ts': `import { a } from /* why */ './a.ts'` }],
  ['makes its own require', { 'flow.ts': `const load = createRequire(import.meta.url)` }],
  ['evaluates text', { 'flow.ts': `eval(text)` }],
] as const)('a flow may declare a secret when it %s', ([, files]) => {
  expect(judge(files)).toBe(true);
});
