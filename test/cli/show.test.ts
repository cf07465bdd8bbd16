import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededHome, type SeededRun } from '../client/seeded-home.ts';
import { jsonLines, raceway } from './raceway.ts';

let seeded: SeededHome;
let run: SeededRun;

beforeAll(async () => {
  seeded = await SeededHome.make();
  run = await seeded.run({ values: { rate: 0.5, depth: new Map([['a', 1n]]) }, userTags: ['nightly'] });
  const start = await run.task('start', { rows: [1, 2], big: 'x'.repeat(100_000), seen: new Set(['a']) });
  await run.task('fit', {}, { parentIds: [start] });
  const id = await run.start('fit', {
    parentIds: [start],
    frames: [{ split: '1', slot: 1, count: 2, name: 'fit', item: '["b"]' }],
  });
  await run.finish(id, {
    state: { status: 'failed', reason: { kind: 'signal', signalCode: 'SIGKILL' } },
    isRetried: true,
  });
  await run.writer.startAttempt(id, 1, 4711);
  await run.fail(id, 'no such file', 1);
  const pathspec = `${run.pathspec}/fit/${id}`;
  await run.writer.finish({ status: 'failed', reason: { kind: 'task', pathspec, message: 'no such file\nat all' } });
});

afterAll(async () => {
  await seeded[Symbol.asyncDispose]();
});

/** Lines without what fills them up. */
async function shown(...args: readonly string[]): Promise<readonly string[]> {
  const { status, stdout, stderr } = await raceway(['show', ...args, '--home', seeded.path]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' | '));
}

async function asJson(...args: readonly string[]): Promise<unknown> {
  const { stdout } = await raceway(['show', ...args, '--json', '--home', seeded.path]);
  const lines = jsonLines(stdout);
  expect(lines).toHaveLength(1);
  return lines[0];
}

describe('raceway show', () => {
  test('shows the latest runs of a flow', async () => {
    expect((await shown('TrainFlow'))[1]).toContain(`${run.pathspec} | failed at fit/3 | `);
    expect(await asJson('TrainFlow')).toMatchObject({ flow: 'TrainFlow', latestRuns: [{ pathspec: run.pathspec }] });
  });

  test('shows a run with its parameters, steps and failed task', async () => {
    expect(await shown(run.pathspec)).toEqual(
      expect.arrayContaining([
        `${run.pathspec} | failed at fit/3`,
        `reason | ${run.pathspec}/fit/3 failed: no such file`,
        'user | ada',
        'tags | nightly',
        'command | node flows/train.ts run',
        'parameters | rate = 0.5',
        "depth = Map(1) { 'a' => 1n }",
        expect.stringMatching(/^start \| 1 successful \| /),
        expect.stringMatching(/^fit \| 1 successful, 1 failed \| /),
        `failed task | ${run.pathspec}/fit/3`,
        `see why | raceway --home=${seeded.path} why ${run.pathspec}`,
      ]),
    );
    expect(await asJson(run.id)).toMatchObject({
      pathspec: run.pathspec,
      status: 'failed',
      reason: { kind: 'task' },
      originRunId: null,
      parameters: { rate: 0.5, depth: "Map(1) { 'a' => 1n }" },
      command: ['node', 'flows/train.ts', 'run'],
      steps: [
        { step: 'start', tasks: { running: 0, successful: 1, failed: 0 } },
        { step: 'fit', tasks: { running: 0, successful: 1, failed: 1 } },
      ],
      failedTask: `${run.pathspec}/fit/3`,
    });
  });

  test('shows a step with its tasks', async () => {
    const lines = await shown(`${run.pathspec}/fit`);
    expect(lines[0]).toBe(`${run.pathspec}/fit | 1 successful, 1 failed`);
    expect(lines).toContainEqual(expect.stringMatching(/^2 \| successful \| 1 \| /));
    expect(lines).toContainEqual(expect.stringMatching(/^3 \| failed \| 1 \| 2 \| /));
    expect(await asJson('TrainFlow/fit')).toMatchObject({
      step: 'fit',
      sourceSha256: 'a',
      tasks: [{ id: '2' }, { id: '3', attemptCount: 2, index: 1 }],
    });
  });

  test('shows a task with its attempts, relatives and exception', async () => {
    expect(await shown(`${run.pathspec}/fit/3`)).toEqual(
      expect.arrayContaining([
        `${run.pathspec}/fit/3 | failed`,
        "item | 'b', number 1 of the foreach",
        `parents | ${run.pathspec}/start/1`,
        expect.stringMatching(/^0 \| failed \(SIGKILL\) \| /),
        expect.stringMatching(/^1 \| failed \| /),
        'Error: no such file',
        'at start (train.ts:3:1)',
      ]),
    );
    expect(await asJson(`${run.pathspec}/fit/3`)).toMatchObject({ index: 1, item: 'b' });
    expect(await shown(`${run.pathspec}/start/1`)).toContain(`children | ${run.pathspec}/fit/2, ${run.pathspec}/fit/3`);
  });

  test('shows the artifacts of a task, and small values when asked', async () => {
    const without = await shown('TrainFlow/start/1');
    expect(without).toEqual(
      expect.arrayContaining(['big | string | 100.0 kB', expect.stringMatching(/^rows \| Array \| \d+ B$/)]),
    );
    expect(await asJson('TrainFlow/start/1')).toMatchObject({
      item: null,
      artifacts: [{ name: 'big', value: null, damaged: null }, { name: 'rows', value: null }, { name: 'seen' }],
    });
    const withValues = await shown('TrainFlow/start/1', '--values');
    expect(withValues).toEqual(
      expect.arrayContaining([
        'big | string | 100.0 kB',
        expect.stringMatching(/^rows \| Array \| \d+ B \| \[ 1, 2 \]$/),
      ]),
    );
    expect(await asJson('TrainFlow/start/1', '--values')).toMatchObject({
      artifacts: [
        { name: 'big', type: 'string', sizeBytes: 100_017, sha256: expect.any(String), value: null },
        { name: 'rows', value: [1, 2], damaged: null },
        { name: 'seen', type: 'Set', value: "Set(1) { 'a' }" },
      ],
    });
  });

  test("shows the frame in the user's own code first when a package threw", async () => {
    const other = await seeded.run({ flow: 'OtherFlow' });
    const id = await other.start('end');
    const stack = '    at parse (node_modules/yaml/index.js:1:1)\n    at TrainFlow.end (train.ts:9:3)';
    const state = { status: 'failed', reason: { kind: 'exception', message: 'bad yaml' } } as const;
    await other.finish(id, { state, exception: { name: 'YAMLError', message: 'bad yaml', stack } });
    const lines = await shown(`${other.pathspec}/end/${id}`);
    expect(lines.slice(lines.indexOf('YAMLError: bad yaml'))).toEqual([
      'YAMLError: bad yaml',
      'in your code: at TrainFlow.end (train.ts:9:3)',
      'at parse (node_modules/yaml/index.js:1:1)',
      'at TrainFlow.end (train.ts:9:3)',
      '',
    ]);
  });

  test('shows a task that was taken over with the times of its execution', async () => {
    const origin = await seeded.run({ flow: 'OtherFlow' });
    await origin.task('start');
    const resumed = await seeded.run({ flow: 'OtherFlow', originRunId: origin.id });
    const facts = { step: 'start', sourceSha256: 'a', parentIds: [], frames: [] };
    await resumed.writer.cloneTasks(origin.id, [{ ...facts, originTaskId: '1', taskId: '1' }]);
    using database = new DatabaseSync(`${seeded.path}/raceway.db`);
    const key = database.prepare('SELECT run_key FROM run WHERE id = ?').get(resumed.id)?.['run_key'] ?? null;
    database.prepare('UPDATE task SET created_at = created_at + 9000000 WHERE run_key = ?').run(key);
    const timeOf = (lines: readonly string[]) => lines.find((line) => line.startsWith('started | '));
    const lines = await shown(`${resumed.pathspec}/start/1`);
    expect(lines).toContain(`taken over from | ${origin.pathspec}/start/1`);
    expect(timeOf(lines)).toMatch(/^started \| \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/);
    expect(timeOf(lines)).toBe(timeOf(await shown(`${origin.pathspec}/start/1`)));
    expect(timeOf(await shown(`${resumed.pathspec}/start`))).toBe(timeOf(lines));
  });

  test('shows the rest when an artifact is damaged', async () => {
    await using home = await SeededHome.make();
    const other = await home.run();
    await other.task('start', { score: 1, rows: [1, 2] });
    const database = new DatabaseSync(`${home.path}/raceway.db`);
    database
      .prepare('UPDATE blob SET bytes = ? WHERE sha256 = (SELECT sha256 FROM artifact WHERE name = ?)')
      .run(Buffer.from('x'), 'score');
    database.close();
    const { status, stdout } = await raceway(['show', 'TrainFlow/start/1', '--values', '--home', home.path]);
    expect(status).toBe(0);
    expect(stdout).toContain('[ 1, 2 ]');
    expect(stdout).toMatch(/score .*\(.*(damaged|hash|content).*\)/);
    const told = await raceway(['show', 'TrainFlow/start/1', '--values', '--json', '--home', home.path]);
    expect(jsonLines(told.stdout)).toMatchObject([
      {
        artifacts: [
          { name: 'rows', value: [1, 2], damaged: null },
          { name: 'score', value: null, damaged: expect.stringContaining('is damaged') },
        ],
      },
    ]);
  });
});
