import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
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
  expect(told).toBe('alive');
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

describe('a script that has no descriptor left', () => {
  const cases = (['taken', 'limited'] as const).flatMap((want) => [
    { ownership: 'owned', want, how: 'kill' },
    { ownership: 'attached', want, how: 'kill' },
    { ownership: 'owned', want, how: 'timeout' },
  ]);
  test.for(cases)(
    'ends a run, or says that it cannot see to it: $ownership, $want, $how',
    async ({ ownership, want, how }) => {
      // What it starts leaves the group, and is only found in /proc.
      using folder = flowFolder(`
      export class Sample extends FlowSpec {
        start = step(async () => {
          spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)', import.meta.filename], { detached: true, stdio: 'ignore' });
          console.log('ready');
          await sleep(300_000);
          this.next(this.end);
        });
        end = step();
      }`);
      using temporary = temporaryFolder();
      const parent = fileURLToPath(new URL('../fixtures/parents/ends-without-descriptors.ts', import.meta.url));
      const home = folder.file('.raceway');
      const command = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath, parent, folder.script, home];
      const { stdout, stderr } = await promisify(execFile)('sh', [...command, ownership, want, how], {
        env: { ...process.env, TMPDIR: temporary.path },
      });
      const { outcome, status, reason } = JSON.parse(stdout) as { outcome: string; status: string; reason: unknown };
      if (want === 'limited' && how === 'kill') {
        expect(outcome).toMatch(
          /^RacewayError: could not make sure that nothing is left of process \d+: EMFILE.*\nWhat is known/,
        );
      } else {
        expect(outcome).toBe('ended');
      }
      expect({ status, reason }).toEqual(
        how === 'kill'
          ? { status: 'failed', reason: { kind: 'killed' } }
          : { status: 'timeout', reason: { kind: 'timeout' } },
      );
      expect(stderr).toBe('');
      expect(processesNamed(folder.script)).toStrictEqual([]);
      expect(readdirSync(temporary.path).filter((name) => name.startsWith('raceway-'))).toStrictEqual([]);
    },
  );
});
