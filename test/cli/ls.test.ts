import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deadProcess, SeededHome, type SeededRun } from '../client/seeded-home.ts';
import { jsonLines, raceway } from './raceway.ts';

let seeded: SeededHome;
/** Oldest first. */
const runs: SeededRun[] = [];

beforeAll(async () => {
  seeded = await SeededHome.make();
  const ended = await seeded.run({ flow: 'TrainFlow', userTags: ['nightly'] });
  await ended.writer.finish({ status: 'successful' });
  const failed = await seeded.run({ flow: 'OtherFlow', userTags: ['nightly', 'x'], user: 'bob' });
  const id = await failed.start('fit');
  await failed.fail(id, 'no such file');
  const reason = { kind: 'task', pathspec: `${failed.pathspec}/fit/${id}`, message: 'no such file' } as const;
  await failed.writer.finish({ status: 'failed', reason });
  const lost = await seeded.run({ flow: 'TrainFlow', process: await deadProcess() });
  const running = await seeded.run({ flow: 'TrainFlow' });
  await seeded.run({ flow: 'TrainFlow', kind: 'spin' });
  runs.push(ended, failed, lost, running);
});

afterAll(async () => {
  await seeded[Symbol.asyncDispose]();
});

async function listed(...args: readonly string[]): Promise<readonly string[]> {
  const { status, stdout } = await raceway(['ls', ...args, '--json', '--home', seeded.path]);
  expect(status).toBe(0);
  return jsonLines(stdout).map((run) => (run as { pathspec: string }).pathspec);
}

function pathspecs(...indices: readonly number[]): readonly string[] {
  return indices.map((index) => runs[index]?.pathspec ?? '');
}

describe('raceway ls', () => {
  test('lists the runs of all flows, newest first', async () => {
    expect(await listed()).toEqual(pathspecs(3, 2, 1, 0));
  });

  test('has a row for each', async () => {
    const { stdout } = await raceway(['ls', '--home', seeded.path], { env: { TZ: 'Asia/Tokyo' } });
    const [heading = '', ...rows] = stdout.trimEnd().split('\n');
    expect(heading.split(/ {2,}/)).toEqual(['RUN', 'STATUS', 'STARTED (Asia/Tokyo)', 'DURATION', 'USER', 'TAGS']);
    const cells = rows.map((row) => row.split(/ {2,}/));
    expect(cells.map(([pathspec]) => pathspec)).toEqual(pathspecs(3, 2, 1, 0));
    expect(cells.map(([, status]) => status)).toEqual(['running', 'failed (lost)', 'failed at fit/1', 'successful']);
    expect(cells[2]?.slice(4)).toEqual(['bob', 'nightly, x']);
  });

  test.each([
    [['TrainFlow'], [3, 2, 0]],
    [['--status=failed'], [2, 1]],
    [
      ['--status', 'running', '--status', 'successful'],
      [3, 0],
    ],
    [['--tag=nightly'], [1, 0]],
    [['--tag=nightly', '--tag=x'], [1]],
    [['--user=bob'], [1]],
    [['--since=1h'], [3, 2, 1, 0]],
    [['--since=2999-01-01'], []],
    [['--limit=2'], [3, 2]],
    [['--limit=0'], []],
    [['--limit=all'], [3, 2, 1, 0]],
  ])('lists with %j what was asked for', async (args, indices) => {
    expect(await listed(...args)).toEqual(pathspecs(...indices));
  });

  test('lists spins when they are asked for', async () => {
    expect(await listed('--spins')).toEqual([expect.stringContaining('TrainFlow/')]);
  });

  test('prints nothing but pathspecs when it is to be quiet', async () => {
    const { stdout } = await raceway(['ls', '-q', '--home', seeded.path]);
    expect(stdout).toBe(`${pathspecs(3, 2, 1, 0).join('\n')}\n`);
    expect(await raceway(['ls', '--quiet', '--user=nobody', '--home', seeded.path])).toMatchObject({
      stdout: '',
      stderr: '',
    });
  });

  test('says that there are no such runs where it looked for some', async () => {
    const called = await Promise.all(
      [['--user=nobody'], ['--limit=0']].map((args) => raceway(['ls', ...args, '--home', seeded.path])),
    );
    expect(called.map(({ stdout, stderr }) => stdout + stderr)).toEqual([
      `There are no such runs in the home ${seeded.path}.\n`,
      '',
    ]);
  });

  test('says how a run is looked at when it is given one', async () => {
    const [pathspec = ''] = pathspecs(0);
    const { status, stderr } = await raceway(['ls', pathspec, '--home', seeded.path]);
    expect(status).toBe(2);
    expect(stderr).toBe(
      `Error: cannot list the runs of ${pathspec}: it is no flow\nFor one run: raceway --home=${seeded.path} show ${pathspec}.\n`,
    );
  });

  test('says so when there is nothing to list', async () => {
    const { status, stdout, stderr } = await raceway(['ls', '--user=nobody', '--home', seeded.path]);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toBe(`There are no such runs in the home ${seeded.path}.\n`);
  });

  test('names the flow that was probably meant', async () => {
    const { status, stderr } = await raceway(['ls', 'TranFlow', '--home', seeded.path]);
    expect(status).toBe(1);
    expect(stderr).toContain('Did you mean TrainFlow?');
  });
});
