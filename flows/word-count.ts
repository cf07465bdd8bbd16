import { glob, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { FlowSpec, type Inputs, join, main, parameter, step } from 'raceway/flow';

/**
 * Counts the words in the files of a folder: several tasks count a share of the files each, and a last one adds up what
 * they found. Without `--folder` it reads the typings of Node.
 *
 *     node flows/word-count.ts run --folder=docs --files='*.md' --shares=2
 */
export class WordCount extends FlowSpec.with({
  folder: parameter.string({ help: 'Where the files are' }),
  files: parameter.string({ default: '**/*.{md,txt,ts}', help: 'Which of its files to read, as a glob pattern' }),
  shares: parameter.integer({ default: 4, help: 'Among how many tasks to deal them out' }),
  top: parameter.integer({ default: 10, help: 'How many of the most frequent words to show' }),
}) {
  /** How often each word is there: in one share of the files, and after the join in all of them. */
  counts = new Map<string, number>();
  fileCount = 0;
  topWords: [word: string, count: number][] = [];

  start = step(async () => {
    if (this.shares < 1) throw new Error('--shares takes 1 or more');
    const folder = this.folder ?? nodeTypings();
    const paths = await Array.fromAsync(glob(this.files, { cwd: folder }), (path) => resolve(folder, path));
    if (paths.length === 0) throw new Error(`${folder} has no files like ${this.files}`);
    this.fileCount = paths.length;
    console.log(`${paths.length} files in ${folder}`);
    this.next(this.count, { foreach: await dealOut(paths, this.shares) });
  });

  // Map: a task for each share of the files. A task costs some milliseconds, so one for each file would be slower.
  count = step(async (paths: readonly string[]) => {
    const counts = new Map<string, number>(); // a local: each read of a field passes a Proxy
    for (const path of paths) {
      const text = await readFile(path, 'utf8');
      for (const [word] of text.toLowerCase().matchAll(/[a-z]+/g)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    this.counts = counts;
    console.log(`${counts.size} different words in ${paths.length} files`);
    this.next(this.add);
  });

  // Reduce: the join gets what every task left, in the order of the shares.
  add = join((inputs: Inputs<this>) => {
    const total = new Map<string, number>();
    for (const { counts } of inputs) {
      for (const [word, times] of counts) total.set(word, (total.get(word) ?? 0) + times);
    }
    this.counts = total;
    this.mergeArtifacts(inputs);
    this.next(this.end);
  });

  end = step(() => {
    const byCount = [...this.counts].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    this.topWords = byCount.slice(0, this.top);
    for (const [word, times] of this.topWords) console.log(`${String(times).padStart(7)} ${word}`);
  });
}

function nodeTypings(): string {
  return dirname(createRequire(import.meta.url).resolve('@types/node/package.json'));
}

/** Shares of about the same size: the largest files go first, each to whoever has least. */
async function dealOut(paths: readonly string[], count: number): Promise<string[][]> {
  const files = await Promise.all(paths.map(async (path) => ({ path, bytes: (await stat(path)).size })));
  const shares = Array.from({ length: Math.min(count, files.length) }, () => ({
    bytes: 0,
    paths: new Array<string>(),
  }));
  for (const { path, bytes } of files.toSorted((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1))) {
    const least = shares.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    least.bytes += bytes;
    least.paths.push(path);
  }
  return shares.map((share) => share.paths);
}

if (import.meta.main) await main(WordCount);
