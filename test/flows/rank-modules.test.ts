import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import type { RankModules } from '../../flows/rank-modules.ts';
import { Runner } from '../../src/runner/runner.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const flow = new URL('../../flows/rank-modules.ts', import.meta.url);

/** In the order of their names, as the flow has them; `core` imports nothing, `a` and `b` each other. */
const MODULES: Readonly<Record<string, string>> = {
  'a.ts': `import { b } from './b.ts';\nimport { core } from "./core/index.js";`,
  'b.ts': `import {\n  a,\n} from './a';\nimport fs from 'node:fs';`,
  'core/index.ts': 'export const core = 1;',
  'main.ts': `export * from './a.ts';\nimport { core } from './core';\nimport { again } from './core/index.ts';`,
};
const IMPORTS = [[1, 2], [0], [], [0, 2]];

function writeModules(file: (name: string) => string): void {
  for (const [name, source] of Object.entries(MODULES)) {
    mkdirSync(dirname(file(`src/${name}`)), { recursive: true });
    writeFileSync(file(`src/${name}`), source);
  }
}

/** The ranks by elimination: each is (1 - damping) / n and what it gets from the others. */
function solvedRanks(imports: readonly (readonly number[])[], damping: number): number[] {
  const n = imports.length;
  const rows = imports.map((_, to) => [
    ...imports.map((targets, from) => {
      const share = targets.length === 0 ? 1 / n : targets.includes(to) ? 1 / targets.length : 0;
      return (from === to ? 1 : 0) - damping * share;
    }),
    (1 - damping) / n,
  ]);
  for (const [pivot, row] of rows.entries()) {
    const scaled = row.map((value) => value / (row[pivot] ?? 0));
    for (const [other, values] of rows.entries()) {
      const factor = values[pivot] ?? 0;
      rows[other] = other === pivot ? scaled : values.map((value, i) => value - factor * (scaled[i] ?? 0));
    }
  }
  return rows.map((row) => row[n] ?? 0);
}

test('the ranking is the solution of its equations, and ends with the first round that is good enough', async () => {
  using folder = temporaryFolder();
  writeModules(folder.file);
  await using runner = new Runner<RankModules>(flow, { showOutput: false, home: folder.file('home') });
  const { run } = await runner.run({ folder: folder.file('src'), tolerance: 1e-10, damping: 0.8 }, { reject: true });
  const { modules, imports, ranks, residuals, ranking } = await run.load(
    'modules',
    'imports',
    'ranks',
    'residuals',
    'ranking',
  );
  expect(modules).toStrictEqual(Object.keys(MODULES));
  expect(imports).toStrictEqual(IMPORTS);
  const solution = solvedRanks(IMPORTS, 0.8);
  for (const [i, rank] of ranks.entries()) expect(rank).toBeCloseTo(solution[i] ?? 0, 9);
  expect(ranking.map(({ module }) => module)).toStrictEqual(
    modules.toSorted((a, b) => (solution[modules.indexOf(b)] ?? 0) - (solution[modules.indexOf(a)] ?? 0)),
  );
  expect(residuals.findIndex((residual) => residual <= 1e-10)).toBe(residuals.length - 1);
  const rounds = (await Array.fromAsync(run.tasks())).filter(({ stepName }) => stepName === 'refine');
  expect(rounds).toHaveLength(residuals.length);
});

test('the ranking fails with one line when it does not settle', async () => {
  using folder = temporaryFolder();
  writeModules(folder.file);
  await using runner = new Runner<RankModules>(flow, { showOutput: false, home: folder.file('home') });
  const failed = await runner.run({ folder: folder.file('src'), maxRounds: 2 });
  expect(failed.reason).toMatchObject({
    message: expect.stringMatching(/^Error: after 2 rounds the ranks still change by [\d.e-]+$/),
  });
});

test('the ranking fails with one line when there are no modules', async () => {
  using folder = temporaryFolder();
  await using runner = new Runner<RankModules>(flow, { showOutput: false, home: folder.file('home') });
  const { reason } = await runner.run({ folder: folder.file('nowhere') });
  expect(reason).toMatchObject({ message: `Error: there are no modules in ${folder.file('nowhere')}` });
});
