import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { flowFolder } from '../flow-folder.ts';
import { processesNamed } from '../processes-named.ts';
import { temporaryFolder } from '../temporary-folder.ts';

interface Tried {
  readonly free: number;
  readonly outcome: string;
  readonly folders: number;
}

test('a script without free file descriptors is told so, leaves nothing, and takes no live process for a dead one', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec {
      start = step(() => { this.next(this.end); });
      end = step();
    }`);
  using temporary = temporaryFolder();
  const parent = fileURLToPath(new URL('../fixtures/parents/has-few-descriptors.ts', import.meta.url));
  const command = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath, parent, folder.script];
  const { stdout } = await promisify(execFile)('sh', [...command, folder.file('.raceway')], {
    env: { ...process.env, TMPDIR: temporary.path },
  });
  const said = stdout.trimEnd().split('\n');
  const { told } = JSON.parse(said.pop() ?? '') as { told: string };
  expect(told).toMatch(/^Error: EMFILE: too many open files, open '\/proc\/\d+\/stat'$/);
  const all = said.map((line) => JSON.parse(line) as Tried | { opening: number; outcome: string });
  const openings = all.filter((one) => 'opening' in one);
  expect(openings.at(-1)).toMatchObject({ outcome: 'opened' });
  expect(openings.length).toBeGreaterThan(2);
  for (const { opening, outcome } of openings.slice(0, -1)) {
    expect(outcome, `with ${opening} free`).toMatch(/too many open files/);
  }
  const tried = all.filter((one) => 'free' in one);
  expect(tried.at(-1)).toMatchObject({ outcome: 'started' });
  const refused = tried.slice(0, -1);
  expect(refused.length).toBeGreaterThan(1);
  for (const { free, outcome, folders } of refused) {
    expect(outcome, `with ${free} free`).toMatch(/too many (open files|files open)/);
    expect(folders, `with ${free} free`).toBe(0);
  }
  expect(refused.some(({ outcome }) => outcome.includes('RacewayError: could not start'))).toBe(true);
  expect(processesNamed(folder.script)).toStrictEqual([]);
  expect(readdirSync(temporary.path).filter((name) => name.startsWith('raceway-'))).toStrictEqual([]);
});
