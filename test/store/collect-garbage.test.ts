import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { flowFolder } from '../flow-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** A process that collects garbage all the time; `stop` resolves with what it did. */
function startCollector(home: string): Disposable & { stop: () => Promise<{ contents: number }> } {
  const child = spawn(process.execPath, ['test/fixtures/collects-garbage.ts', home], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const output = text(child.stdout);
  const exited = exitStatus(child);
  return {
    stop: async () => {
      child.stdin.end();
      expect(await exited).toBe(0);
      return JSON.parse(await output) as { contents: number };
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

async function exitStatus(child: ChildProcess): Promise<number> {
  return (await once(child, 'exit'))[0] as number;
}

/** Reads every artifact of every task of every run; returns how many there were. */
async function readEverything(home: string): Promise<number> {
  await using store = openSqliteStore(home, { access: 'read' });
  let count = 0;
  for (const { name: flow } of await store.flows()) {
    for (const kind of ['run', 'spin'] as const) {
      for (const run of await store.runs(flow, { kind })) {
        for (const artifact of [...(await store.artifactsByTask(flow, run.id)).values()].flat()) {
          await store.readBlob(artifact);
          count += 1;
        }
      }
    }
  }
  return count;
}

test('processes that make, resume, spin and remove runs with equal contents lose none while garbage is collected', async () => {
  using folder = temporaryFolder();
  const home = folder.file('home');
  await openSqliteStore(home, { access: 'write' }).close();
  using collector = startCollector(home);
  const makers = ['1', '2', '3'].map((seed) =>
    spawn(process.execPath, ['test/fixtures/makes-and-removes-runs.ts', home, '300', seed], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  expect(await Promise.all(makers.map(exitStatus))).toStrictEqual([0, 0, 0]);
  const { contents } = await collector.stop();
  expect(contents).toBeGreaterThan(0);
  expect(await readEverything(home)).toBeGreaterThan(0);
}, 120_000);

test('flows that leave equal artifacts, fail and are removed lose none while garbage is collected', async () => {
  using project = flowFolder(`
export class Sample extends FlowSpec.with({ kind: parameter.integer({ default: 0 }), fail: parameter.boolean({ default: false }) }) {
  large = '';
  same = '';
  start = step(() => {
    this.large = String(this.kind).repeat(100_000);
    this.next(this.middle);
  });
  middle = step([retry({ times: 1, delayMs: 0 })], () => {
    this.same = this.large + this.large;
    if (this.fail && current.retryCount === 0) throw new Error('asked to');
    this.next(this.end);
  });
  end = step(() => {
    this.same = this.large.slice(0, 90_000) + this.large.slice(0, 10_000);
    if (this.fail) throw new Error('asked to');
  });
}`);
  const home = project.file('.raceway');
  await openSqliteStore(home, { access: 'write' }).close();
  using collector = startCollector(home);
  const removed: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const runs = [0, 1, 2].map((kind) =>
      project.run(['run', `--kind=${kind % 2}`, ...(kind === 2 ? ['--fail=true'] : [])]),
    );
    const finished = await Promise.all(runs);
    expect(finished.map(({ status }) => status)).toStrictEqual([0, 0, 1]);
    await using opened = await project.home();
    for await (const run of opened.flow('Sample').runs()) {
      if (run.successful) expect(await run.load('large', 'same')).toEqual(expected(Number(run.parameters['kind'])));
      if (round === 3 && run.successful) continue;
      await run.remove();
      removed.push(run.id);
    }
  }
  const { contents } = await collector.stop();
  expect(contents).toBeGreaterThan(0);
  expect(removed).toHaveLength(10);
  await using opened = await project.home();
  const left = await Array.fromAsync(opened.flow('Sample').runs());
  for (const run of left) expect(await run.load('large', 'same')).toEqual(expected(Number(run.parameters['kind'])));
  expect(left).toHaveLength(2);
  expect(readdirSync(project.file('.raceway/logs/Sample'))).toHaveLength(2);
}, 120_000);

function expected(kind: number): { large: string; same: string } {
  return { large: String(kind).repeat(100_000), same: String(kind).repeat(100_000) };
}
