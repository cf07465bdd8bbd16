import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { WordCount } from '../../flows/word-count.ts';
import { Runner } from '../../src/runner/runner.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const flow = new URL('../../flows/word-count.ts', import.meta.url);
const docs = fileURLToPath(new URL('../../docs', import.meta.url));

test('the word count finds what a pipeline of the shell finds, over however many shares', async () => {
  using folder = temporaryFolder();
  await using runner = new Runner<WordCount>(flow, { showOutput: false, home: folder.file('home') });
  const pipeline = `find . -name '*.md' -exec cat {} + | tr A-Z a-z | grep -oE '[a-z]+' | sort | uniq -c | sort -k1,1nr -k2`;
  const output = execFileSync('sh', ['-c', pipeline], { cwd: docs, env: { ...process.env, LC_ALL: 'C' } });
  const expected = [...output.toString().matchAll(/(\d+) (\w+)/g)].map(([, times, word]) => [word, Number(times)]);
  expect(expected.length).toBeGreaterThan(100);
  for (const shares of [3, 1000]) {
    const { run } = await runner.run({ folder: docs, files: '**/*.md', shares, top: 5 }, { reject: true });
    const { counts, topWords } = await run.load('counts', 'topWords');
    expect(counts).toStrictEqual(new Map(expected as [string, number][]));
    expect(topWords).toStrictEqual(expected.slice(0, 5));
  }
});

test('the word count fails with one line when there is nothing to read', async () => {
  using folder = temporaryFolder();
  await using runner = new Runner<WordCount>(flow, { showOutput: false, home: folder.file('home') });
  const { reason } = await runner.run({ folder: folder.path, files: '*.md' });
  expect(reason).toMatchObject({ message: `Error: ${folder.path} has no files like *.md` });
});
