import { glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FlowSpec, main, parameter, step } from 'raceway/flow';

/**
 * Finds the modules that everything else leans on: reads who imports whom in a folder of TypeScript or JavaScript, and
 * ranks the modules as PageRank does, going round until the ranks stand still.
 *
 *     node flows/rank-modules.ts run --folder=src --top=5
 */
export class RankModules extends FlowSpec.with({
  folder: parameter.string({ default: 'src', help: 'Where the modules are' }),
  damping: parameter.float({ default: 0.85, help: 'How much of its rank a module gives to those it imports' }),
  tolerance: parameter.float({ default: 1e-9, help: 'How much the ranks may still change' }),
  maxRounds: parameter.integer({ default: 50, help: 'After how many rounds to give up' }),
  top: parameter.integer({ default: 10, help: 'How many modules to show' }),
}) {
  modules: string[] = [];
  /** For each module the positions of those it imports. */
  imports: number[][] = [];
  ranks = new Float64Array(); // typed arrays are stored as the bytes they are
  /** How much the ranks changed in the last sweep of each round. */
  residuals: number[] = [];
  verdict: 'again' | 'done' = 'again';
  ranking: { module: string; rank: number }[] = [];

  start = step(async () => {
    const files = glob('**/*.{ts,mts,js,mjs}', { cwd: this.folder, exclude: ['**/node_modules'] });
    this.modules = (await Array.fromAsync(files)).toSorted();
    if (this.modules.length === 0) throw new Error(`there are no modules in ${this.folder}`);
    const positions = new Map(this.modules.map((file, i) => [withoutExtension(file), i]));
    for (const file of this.modules) {
      const source = await readFile(join(this.folder, file), 'utf8');
      const paths = source.matchAll(/\bfrom\s+['"](\.[^'"]+)['"]/g).map(([, path = '']) => join(dirname(file), path));
      const found = paths.map((path) => positions.get(withoutExtension(path)) ?? positions.get(join(path, 'index')));
      this.imports.push([...new Set(found.filter((position) => position !== undefined))]);
    }
    this.ranks = new Float64Array(this.modules.length).fill(1 / this.modules.length);
    console.log(`${this.modules.length} modules, ${this.imports.flat().length} imports`);
    this.next(this.refine);
  });

  // Each round is a task of its own: what it left is kept, and a run that is ended half-way resumes there.
  refine = step(() => {
    const { imports, damping } = this; // each read of a field passes a Proxy
    let { ranks } = this;
    let residual = Infinity;
    for (let sweep = 0; sweep < SWEEPS; sweep++) {
      const before = ranks;
      ranks = spread(ranks, { imports, damping });
      residual = ranks.reduce((sum, rank, i) => sum + Math.abs(rank - (before[i] ?? 0)), 0);
    }
    this.ranks = ranks;
    this.residuals.push(residual);
    console.log(`round ${this.residuals.length}: the ranks changed by ${residual.toExponential(1)}`);
    this.verdict = residual <= this.tolerance ? 'done' : 'again';
    if (this.verdict === 'again' && this.residuals.length >= this.maxRounds) {
      throw new Error(`after ${this.maxRounds} rounds the ranks still change by ${residual}`);
    }
    this.next({ again: this.refine, done: this.end }, { condition: this.verdict });
  });

  end = step(() => {
    const ranked = this.modules.map((module, i) => ({ module, rank: this.ranks[i] ?? 0 }));
    this.ranking = ranked.toSorted((a, b) => b.rank - a.rank);
    for (const { module, rank } of this.ranking.slice(0, this.top)) console.log(`${rank.toFixed(4)} ${module}`);
  });
}

/** How often the ranks are spread in one round. */
const SWEEPS = 5;

/** Gives the rank of each module to those it imports, in equal parts; one that imports nothing gives to all. */
function spread(ranks: Float64Array, { imports, damping }: { imports: readonly number[][]; damping: number }) {
  const count = ranks.length;
  const idle = ranks.reduce((sum, rank, i) => (imports[i]?.length === 0 ? sum + rank : sum), 0);
  const next = new Float64Array(count).fill((1 - damping + damping * idle) / count);
  for (const [i, targets] of imports.entries()) {
    const share = (damping * (ranks[i] ?? 0)) / targets.length;
    for (const target of targets) next[target] = (next[target] ?? 0) + share;
  }
  return next;
}

function withoutExtension(path: string): string {
  return path.replace(/\.[mc]?[jt]s$/, '');
}

if (import.meta.main) await main(RankModules);
