import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The package as it is published, unpacked into a project of its own with the dependencies it declares, and no others.
const project = fileURLToPath(new URL('..', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'consumer-'));
  await cp(new URL('fixtures/consumer', import.meta.url), folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  const installed = join(folder, 'node_modules', 'raceway');
  await mkdir(installed, { recursive: true });
  execute('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: project });
  const { version, dependencies } = await manifest();
  execute('tar', ['-xzf', join(folder, `raceway-${version}.tgz`), '-C', installed, '--strip-components=1']);
  // Whoever compiles against the package has the types of Node, too.
  for (const name of [...Object.keys(dependencies), '@types/node']) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(project, 'node_modules', name), link);
  }
});

afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true });
});

describe('the packed package', () => {
  test('runs a flow from a project that installed it', () => {
    expect(execute('node', ['run.ts'])).toBe('successful hello tarball\n');
  });

  test('has types that a strict project compiles against', () => {
    const options = ['--noEmit', '--strict', '--target', 'esnext', '--module', 'nodenext', '--types', 'node'];
    const tsc = join(project, 'node_modules', '.bin', 'tsc');
    expect(execute(tsc, [...options, '--allowImportingTsExtensions', 'run.ts'])).toBe('');
  });

  test('tests a flow with vitest, as the documentation shows it', async () => {
    await writeDocumentedTest();
    const packages = join(project, 'node_modules');
    await symlink(join(packages, 'vitest'), join(folder, 'node_modules', 'vitest'));
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'esnext', '--module', 'nodenext'];
    const tsc = join(packages, '.bin', 'tsc');
    expect(execute(tsc, [...options, '--types', 'node', '--allowImportingTsExtensions', 'word-count.test.ts'])).toBe(
      '',
    );
    execute('node', [join(packages, 'vitest', 'vitest.mjs'), 'run', '--reporter=json', '--outputFile=report.json']);
    expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toMatchObject({
      success: true,
      numPassedTests: 5,
      numTotalTests: 5,
    });
  });

  test('lets nobody import what is not an entry point', () => {
    const script = "await import('raceway/dist/index.js')";
    expect(() => execute('node', ['--input-type=module', '--eval', script])).toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

function execute(file: string, args: readonly string[], { cwd = folder }: { cwd?: string } = {}): string {
  try {
    return execFileSync(file, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${file} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** The files of the section on tests in docs/testing.md. */
async function writeDocumentedTest(): Promise<void> {
  const text = await readFile(join(project, 'docs', 'testing.md'), 'utf8');
  for (const [, code = '', name = ''] of text.matchAll(/^```ts\n(\/\/ (\S+\.ts)\n.*?)^```$/gms)) {
    await writeFile(join(folder, name), code);
  }
}

async function manifest(): Promise<{ version: string; dependencies: Record<string, string> }> {
  const text = await readFile(join(project, 'package.json'), 'utf8');
  return JSON.parse(text) as Awaited<ReturnType<typeof manifest>>;
}
