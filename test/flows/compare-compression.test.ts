import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';
import { expect, test } from 'vitest';
import type { CompareCompression } from '../../flows/compare-compression.ts';
import { Runner } from '../../src/runner/runner.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const flow = new URL('../../flows/compare-compression.ts', import.meta.url);
const text = fileURLToPath(new URL('../../docs/flows.md', import.meta.url));

test('the comparison keeps the smallest of what three branches made, and all three give the file back', async () => {
  using folder = temporaryFolder();
  await using runner = new Runner<CompareCompression>(flow, { showOutput: false, home: folder.file('home') });
  const { run } = await runner.run({ file: text }, { reject: true });
  const content = readFileSync(text);
  const { compressed, sizes, method, verdict } = await run.load('compressed', 'sizes', 'method', 'verdict');
  expect(verdict).toBe('keep');
  expect(compressed).toHaveLength(Math.min(...sizes.values()));
  expect(sizes.get(method)).toBe(compressed.length);
  const restored = {
    gzip: (bytes: Buffer) => execFileSync('gzip', ['-dc'], { input: bytes }),
    brotli: zlib.brotliDecompressSync,
    zstd: zlib.zstdDecompressSync,
  };
  const tasks = await Array.fromAsync(run.tasks());
  for (const name of ['gzip', 'brotli', 'zstd'] as const) {
    const bytes = await tasks.find(({ stepName }) => stepName === name)?.data.compressed;
    expect(bytes).toHaveLength(sizes.get(name) ?? 0);
    expect(restored[name](bytes ?? content)).toStrictEqual(content);
  }
});

test('the comparison leaves a file alone that gets no smaller', async () => {
  using folder = temporaryFolder();
  writeFileSync(folder.file('noise'), randomBytes(20_000));
  await using runner = new Runner<CompareCompression>(flow, { showOutput: false, home: folder.file('home') });
  const { run } = await runner.run({ file: folder.file('noise') }, { reject: true });
  const { compressed, verdict } = await run.load('compressed', 'verdict');
  expect([verdict, compressed.length]).toStrictEqual(['leave', 0]);
});

test('the comparison fails with one line when there is no such file', async () => {
  using folder = temporaryFolder();
  await using runner = new Runner<CompareCompression>(flow, { showOutput: false, home: folder.file('home') });
  const { reason } = await runner.run({ file: folder.file('missing') });
  expect(reason).toMatchObject({ message: expect.stringMatching(/^Error: ENOENT: .*missing'$/) });
});
