import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Imports an entry point on a Node that says it is of the given version. */
async function importOn(version: string, entry: string): Promise<string> {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  const command = ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, `dist/${entry}`];
  return promisify(execFile)(process.execPath, command).then(
    () => '',
    (error: unknown) => (error as { stderr: string }).stderr,
  );
}

test.each(['flow.js', 'index.js', 'testing.js', 'cli.js'])(
  '%s says in one clear line that Node is too old',
  async (entry) => {
    expect(await importOn('24.1.9', entry)).toContain(
      'Error: raceway needs Node 24.2 or newer and this is Node 24.1.9\nInstall a newer Node',
    );
    expect(await importOn('20.19.0', entry)).toContain('this is Node 20.19.0');
  },
);

test.each(['24.2.0', '26.0.0'])('flow.js takes Node %s', async (version) => {
  expect(await importOn(version, 'flow.js')).toBe('');
});
