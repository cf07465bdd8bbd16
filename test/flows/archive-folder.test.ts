import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { expect, test } from 'vitest';
import type { ArchiveFolder } from '../../flows/archive-folder.ts';
import { Runner } from '../../src/runner/runner.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const flow = new URL('../../flows/archive-folder.ts', import.meta.url);

const FILES = ['--help', 'two words', 'deep/er/ä.txt', '.hidden'];

function sampleFolder() {
  const folder = temporaryFolder();
  mkdirSync(folder.file('project/deep/er'), { recursive: true });
  mkdirSync(folder.file('project/deep/node_modules'));
  mkdirSync(folder.file('nothing'));
  for (const name of [...FILES, 'deep/node_modules/left-out']) writeFileSync(folder.file(`project/${name}`), name);
  return folder;
}

test('the archive has every file that is not left out, and nothing stays in the temporary folder', async () => {
  using folder = sampleFolder();
  await using runner = new Runner<ArchiveFolder>(flow, { showOutput: false, home: folder.file('home') });
  const { run } = await runner.run({ folder: folder.file('project') }, { reject: true });
  const input = await run.data.archive;
  const names = execFileSync('tar', ['-tzf', '-', '--quoting-style=literal'], { input }).toString().trim().split('\n');
  expect(names.toSorted()).toStrictEqual(FILES.toSorted());
  const content = execFileSync('tar', ['-xzOf', '-', 'two words', 'deep/er/ä.txt'], { input }).toString();
  expect(content.length).toBe('two wordsdeep/er/ä.txt'.length);
  expect(readdirSync(folder.file('home/tmp'))).toStrictEqual([]);
});

test.each([
  ['there is no tar', 'bin', /^Error: the program tar is not installed here$/],
  ['tar fails', 'failing', /^Error: Command failed: tar .*\ntar: no space left\n$/],
])('the archive fails clearly when %s', async (_, bin, message) => {
  using folder = sampleFolder();
  mkdirSync(folder.file('bin'));
  mkdirSync(folder.file('failing'));
  writeFileSync(folder.file('failing/tar'), '#!/bin/sh\necho tar: no space left >&2\nexit 2\n', { mode: 0o755 });
  await using runner = new Runner<ArchiveFolder>(flow, {
    showOutput: false,
    home: folder.file('home'),
    env: { PATH: [folder.file(bin), folder.file('no-programs')].join(delimiter) },
  });
  const { reason } = await runner.run({ folder: folder.file('project') });
  expect(reason).toMatchObject({ kind: 'task', message: expect.stringMatching(message) });
});

test.each([
  ['is empty', 'nothing', 'Error: there are no files in '],
  ['is missing', 'missing', 'Error: ENOENT: no such file or directory, scandir '],
])('the archive fails with one line when the folder %s', async (_, name, message) => {
  using folder = sampleFolder();
  await using runner = new Runner<ArchiveFolder>(flow, { showOutput: false, home: folder.file('home') });
  const { reason } = await runner.run({ folder: folder.file(name) });
  expect(reason).toMatchObject({ message: expect.stringContaining(message) });
});
