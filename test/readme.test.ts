import { execFile } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

const execute = promisify(execFile);
const checkout = fileURLToPath(new URL('..', import.meta.url));

interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

test("the README's program prints what the README says", async () => {
  using folder = temporaryFolder();
  const blocks = await codeBlocks();
  await makeProject(folder.path, blocks);
  const { stdout, stderr } = await execute(process.execPath, ['run-hello.ts'], {
    cwd: folder.path,
    env: { ...process.env, RACEWAY_HOME: '' },
  });
  const [shown = ''] = textsOf(blocks, 'text');
  // Two streams: which of their lines comes first is not for certain.
  expect(normalised(`${stderr}${stdout}`)).toBe(normalised(shown));
});

test("the README's program has at most 20 lines of code", async () => {
  const code = textsOf(await codeBlocks(), 'ts').flatMap((text) => text.split('\n'));
  expect(code.filter((line) => line !== '' && !line.startsWith('//')).length).toBeLessThanOrEqual(20);
});

test("the README's program compiles with the README's tsconfig.json", async () => {
  using folder = temporaryFolder();
  const blocks = await codeBlocks();
  await makeProject(folder.path, blocks);
  await writeFile(folder.file('tsconfig.json'), textsOf(blocks, 'json')[0] ?? '');
  const { stdout } = await execute(join(checkout, 'node_modules/.bin/tsc'), ['--project', folder.path]);
  expect(stdout).toBe('');
});

test("the README's commands are scripts of the package", async () => {
  const commands = textsOf(await codeBlocks(), 'sh').join('');
  const { scripts } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8')) as { scripts: object };
  const named = [...commands.matchAll(/npm (?:run )?(demo|test)/g)].map(([, name]) => name);
  expect(named).toEqual(['demo', 'test']);
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

test('every link in a document leads to a file', async () => {
  const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: checkout });
  const missing: string[] = [];
  for (const document of documents) {
    const text = await readFile(join(checkout, document), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)[^)]*\)/g)) {
      const isFile = !/^\w+:/.test(target);
      if (isFile && !existsSync(join(checkout, dirname(document), target))) missing.push(`${document}: ${target}`);
    }
  }
  expect(missing).toEqual([]);
});

/** A project as the README describes it: its files, and the package where `npm install` puts it. */
async function makeProject(folder: string, blocks: readonly CodeBlock[]): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  for (const text of textsOf(blocks, 'ts')) {
    const [, name] = /^\/\/ (\S+\.ts)\n/.exec(text) ?? [];
    if (name === undefined)
      throw new Error(`a block of TypeScript in the README does not begin with its name:\n${text}`);
    await writeFile(join(folder, name), text);
  }
  await link(checkout, join(folder, 'node_modules/raceway'));
  await link(join(checkout, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}

async function codeBlocks(): Promise<readonly CodeBlock[]> {
  const blocks = (await readFile(join(checkout, 'README.md'), 'utf8')).matchAll(/^```(\w+)\n(.*?)^```$/gms);
  return [...blocks].map(([, language = '', text = '']) => ({ language, text }));
}

function textsOf(blocks: readonly CodeBlock[], language: string): readonly string[] {
  return blocks.filter((block) => block.language === language).map(({ text }) => text);
}

/** Without what is different each time: times, run ids, process ids, the user and the folder. */
function normalised(output: string): string {
  return output
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/g, '<time>')
    .replaceAll(/\d{16}/g, '<run>')
    .replaceAll(/pid \d+/g, 'pid <pid>')
    .replaceAll(/user:\S+/g, 'user:<user>')
    .replaceAll(/Made the home \S+/g, 'Made the home <home>');
}
