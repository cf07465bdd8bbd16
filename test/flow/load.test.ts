import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** The modules that a program loads besides Node's own start-up, by URL. */
async function loadedBy(source: string): Promise<readonly string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    ${source}
    console.log(JSON.stringify(loaded));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  return JSON.parse(stdout) as string[];
}

const AUTHORING = ['current', 'flow-spec', 'parameter', 'step'].map((name) =>
  import.meta.resolve(`../../src/flow/${name}.ts`),
);

test('the authoring classes load neither a package nor a room beside their own and core', async () => {
  const loaded = await loadedBy(AUTHORING.map((url) => `await import(${JSON.stringify(url)});`).join('\n'));
  expect(loaded).toContain(AUTHORING[0]);
  expect(loaded.filter((url) => !/\/src\/(flow|core)\//.test(url))).toEqual([]);
});
