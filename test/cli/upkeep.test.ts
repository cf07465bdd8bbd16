import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Run } from '../../src/client/run.ts';
import { databaseFile } from '../../src/store/home-folder.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { until } from '../until.ts';
import { jsonLines, raceway } from './raceway.ts';

const SOURCE = `
export class Sample extends FlowSpec.with({
  kind: parameter.string({ default: 'x' }),
  gate: parameter.string({ default: '' }),
  fail: parameter.boolean({ default: false }),
}) {
  large = '';
  small = '';
  start = step(() => {
    console.log('start of', this.kind);
    this.large = this.kind.repeat(100_000);
    this.next(this.middle);
  });
  middle = step(async () => {
    while (this.gate !== '' && !existsSync(this.gate)) await sleep(5);
    if (this.fail) throw new Error('asked to');
    this.next(this.end);
  });
  end = step(() => { this.small = 'small ' + this.kind; });
}`;

let folder: FlowFolder;
let home: string;
beforeAll(() => {
  folder = flowFolder(SOURCE);
  home = folder.file('.raceway');
});
beforeEach(() => rmSync(home, { recursive: true, force: true }));
afterAll(() => folder[Symbol.dispose]());

function call(...args: readonly string[]) {
  return raceway(args, { cwd: folder.path });
}

async function run(...args: readonly string[]): Promise<void> {
  expect((await folder.run(['run', ...args])).status).toBe(args.includes('--fail=true') ? 1 : 0);
}

/** Newest first. */
async function runs(): Promise<readonly Run[]> {
  await using opened = await folder.home();
  return (await Array.fromAsync(opened)).length === 0 ? [] : await Array.fromAsync(opened.flow('Sample').runs());
}

describe('raceway rm', () => {
  test('removes the runs that are named, with their logs, and no others', async () => {
    await run();
    await run('--fail=true');
    await run();
    const [third, second, first] = await runs();
    const { status, stdout, stderr } = await call('rm', first?.pathspec ?? '', second?.id ?? '');
    expect({ status, stderr }).toStrictEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      /^Removed Sample\/\d+ \(successful, started .* ago\)\nRemoved Sample\/\d+ \(failed, started .* ago\)\n/,
    );
    expect((await runs()).map(({ id }) => id)).toStrictEqual([third?.id]);
    expect(readdirSync(`${home}/logs/Sample`)).toStrictEqual([third?.id]);
  });

  test('removes what fits all filters, when that is confirmed, and says so as JSON', async () => {
    await run();
    await run('--fail=true');
    expect(await call('rm', '--status', 'failed')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('1 run would be removed, and there is nobody to ask\nSay --yes'),
    });
    expect(await runs()).toHaveLength(2);
    expect(await call('rm', '--older-than', '1d', '--yes')).toMatchObject({
      status: 0,
      stderr: 'There are no such runs.\n',
    });
    const { stdout } = await call('rm', 'Sample', '--status', 'failed', '--older-than', '0s', '--yes', '--json');
    expect(jsonLines(stdout)).toMatchObject([{ flow: 'Sample', status: 'failed', removed: true }]);
    expect((await runs()).map(({ status }) => status)).toStrictEqual(['successful']);
    await call('rm', '--flow', 'Sample', '--yes');
    expect(await runs()).toStrictEqual([]);
  });

  test('only says what it would remove when that is asked', async () => {
    await run();
    await run('--fail=true');
    const { status, stdout } = await call('rm', 'Sample', '--dry-run');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Sample\/\d+ {2}failed at .*\nSample\/\d+ {2}successful .*\n2 runs would be removed\.\n$/);
    const told = jsonLines((await call('rm', '--status=failed', '--dry-run', '--json')).stdout);
    expect(told).toMatchObject([{ status: 'failed', removed: false }]);
    expect(await runs()).toHaveLength(2);
  });

  test('asks on a terminal, and takes everything but yes for no', async () => {
    await run();
    await run();
    const ask = (input: string) => raceway(['rm', 'Sample'], { cwd: folder.path, onTerminal: true, input });
    const refused = await ask('n\n');
    const listed = String.raw`Sample/\d+ {2}successful {2}started .* ago\r?\n`;
    expect(refused.stdout).toMatch(new RegExp(`${listed}${listed}.*Remove 2 runs\\? \\[y/N\\]`)); // below them
    expect(refused.stdout).toContain('Nothing was removed.');
    expect(refused.status).toBe(1);
    expect(await runs()).toHaveLength(2);
    expect((await ask('y\n')).status).toBe(0);
    expect(await runs()).toStrictEqual([]);
  });

  test('does not remove a run that is going on, and names it', async () => {
    const gate = folder.file('gate');
    const started = folder.start(['run', `--gate=${gate}`]);
    await until(async () => existsSync(databaseFile(home)) && (await runs()).length === 1);
    const [running] = await runs();
    const { status, stderr } = await call('rm', running?.pathspec ?? '');
    expect(status).toBe(1);
    expect(stderr).toBe(`Error: cannot remove ${running?.pathspec}: it is running\nWait for it, or stop it first.\n`);
    // Also when a flow, or a filter, was named beside it.
    expect((await call('rm', running?.pathspec ?? '', 'Sample', '--yes')).status).toBe(1);
    expect(await call('rm', 'Sample', '--yes')).toMatchObject({
      status: 0,
      stdout: '',
      stderr: 'Still going on, and left out: 1 run.\n',
    });
    writeFileSync(gate, '');
    expect((await started.finished).status).toBe(0);
    expect((await call('rm', running?.pathspec ?? '')).status).toBe(0);
  });

  test('removes a run whose process is gone', async () => {
    const started = folder.start(['run', `--gate=${folder.file('never')}`]);
    await until(async () => existsSync(databaseFile(home)) && (await runs()).length === 1);
    started.child.kill('SIGKILL');
    await started.finished;
    const [lost] = await runs();
    expect((await call('rm', lost?.pathspec ?? '')).stdout).toContain(`Removed ${lost?.pathspec} (failed`);
    expect(await runs()).toStrictEqual([]);
  });

  test('leaves a resumed run all that it shows: artifacts, logs and cards of the tasks it took over', async () => {
    await run('--fail=true', '--with=card');
    for (const argument of ['--fail=true', '--fail=false']) await folder.run(['resume', argument, '--with=card']);
    const before = await shownBy((await runs())[0]);
    expect(before).toHaveLength(3);
    expect(before[0]).toMatchObject({ stdout: 'start of x\n', large: 100_000, cards: 1 });
    for (const [, ...origins] = await runs(); origins.length > 0;) {
      expect((await call('rm', origins.pop()?.pathspec ?? '')).status).toBe(0); // the first one first
      expect((await call('gc')).status).toBe(0);
      expect(await shownBy((await runs())[0])).toStrictEqual(before);
    }
    expect(await runs()).toHaveLength(1);
    await call('rm', 'Sample', '--yes');
    expect(readdirSync(`${home}/logs/Sample`)).toStrictEqual([]);
  });

  test.each([
    [['rm'], 'it is not said which runs to remove'],
    [['rm', 'Sample/17/start'], 'there is no run Sample/17'],
    [['rm', '--status', 'running'], '--status cannot be "running"'],
    [['rm', '--older-than', 'long'], '--older-than cannot be "long"'],
  ])('%j is refused: %s', async (args, message) => {
    await run();
    const { status, stderr } = await call(...args);
    expect(status).toBeGreaterThan(0);
    expect(stderr).toContain(message);
    expect(await runs()).toHaveLength(1);
  });
});

/** What a reader sees of the tasks of a run, oldest first. */
async function shownBy(run: Run | undefined): Promise<readonly object[]> {
  await using opened = await folder.home();
  const tasks = await Array.fromAsync((await opened.run(run?.pathspec ?? '')).tasks());
  return await Promise.all(
    tasks.toReversed().map(async (task) => ({
      step: task.stepName,
      stdout: await task.stdout(),
      stderr: await task.stderr(),
      large: ((await task.load('large')) as { large: string }).large.length,
      cards: (await Array.fromAsync(task.cards(), (card) => card.html())).length,
    })),
  );
}

describe('raceway gc', () => {
  test('says what would be dropped, and drops it: artifacts, and room in the database', async () => {
    await run('--kind=a');
    await run('--kind=b');
    const [second] = await runs();
    await call('rm', second?.pathspec ?? '');
    const dryRun = await call('gc', '--dry-run');
    expect(dryRun.stdout).toMatch(
      /^This would be dropped:\n {2}\d contents of artifacts and cards that no run has +1\d\d\.\d kB\n/,
    );
    const [told] = jsonLines((await call('gc', '--json')).stdout);
    expect(told).toMatchObject({ dryRun: false, contents: { count: 2 }, logs: { count: 0 }, putAside: null });
    expect((await call('gc')).stdout).toBe('There is nothing to drop.\n');
    const [first] = await runs();
    await using opened = await folder.home();
    expect(await (await opened.run(first?.pathspec ?? '')).load('large')).toEqual({ large: 'a'.repeat(100_000) });
  });
});

describe('raceway doctor', () => {
  test('finds a home sound', async () => {
    await run();
    const { status, stdout } = await call('doctor', '--deep');
    expect(status).toBe(0);
    expect(stdout).toContain('The home is sound.\n');
  });

  test('mends what it is told to, and says by its status whether something is left', async () => {
    await run();
    chmodSync(home, 0o755);
    const looked = await call('doctor');
    expect(looked.status).toBe(1);
    expect(looked.stdout).toContain(`error ${home} may be read or written by other users\n`);
    expect(statSync(home).mode & 0o777).toBe(0o755);
    const [finding] = jsonLines((await call('doctor', '--fix', '--json')).stdout);
    expect(finding).toMatchObject({
      kind: 'permissions',
      severity: 'error',
      isMendable: true,
      mended: `made ${home} private`,
    });
    expect(await call('doctor')).toMatchObject({ status: 0 });
  });

  test('names the home that it looked at, also where there is none', async () => {
    const header = String.raw`^raceway \S+, Node \S+, home ${RegExp.escape(home)}`;
    expect(await call('doctor')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(`${header}, which has no database\n`),
      stderr: `Error: there is no home at ${home}\nRun a flow first, or give another with --home or RACEWAY_HOME.\n`,
    });
    await run();
    expect((await call('doctor')).stdout).toMatch(new RegExp(`${header}\n`));
  });

  test('asks on a terminal before it mends', async () => {
    await run();
    chmodSync(home, 0o755);
    const { status, stdout } = await raceway(['doctor'], { cwd: folder.path, onTerminal: true, input: 'y\n' });
    expect(stdout).toMatch(/may be read or written by other users[^]*to mend it: [^]*Do that now\? \[y\/N\]/); // below it
    expect(status).toBe(0);
    expect(statSync(home).mode & 0o777).toBe(0o700);
  });

  test('names the home in what it says to do next where it would not be found', async () => {
    await run();
    chmodSync(home, 0o755);
    const away = (...args: readonly string[]) => raceway([...args, '--home', home], { cwd: '/' });
    expect((await away('doctor')).stdout).toContain(`\nraceway --home=${home} doctor --fix mends `);
    chmodSync(home, 0o700);
    const [only] = await runs();
    expect((await away('rm', only?.pathspec ?? '')).stdout).toContain(`\nraceway --home=${home} gc gives back`);
  });

  test('is what a damaged database leads to: it saves what can be read, after which everything works again', async () => {
    await run();
    await run();
    const bytes = readFileSync(databaseFile(home));
    for (const part of ['-wal', '-shm']) rmSync(databaseFile(home) + part, { force: true });
    bytes.fill(0, 0, 50);
    writeFileSync(databaseFile(home), bytes);
    const listed = await call('ls');
    expect(listed).toMatchObject({ status: 1 });
    expect(listed.stderr).toMatch(/^Error: cannot open the database .*raceway\.db: it is damaged /);
    expect(listed.stderr.split('\n')[1]).toBe(`To find out what can be saved: raceway --home=${home} doctor`);
    expect((await call('doctor')).status).toBe(1);
    const mended = await call('doctor', '--fix');
    expect(mended.stdout).toContain('the damaged database is');
    expect(mended.status).toBe(0);
    expect(readdirSync(home).filter((name) => name.startsWith('raceway.db.damaged-'))).not.toHaveLength(0);
    await run();
    expect(await runs()).toHaveLength(1);
  });

  test('finds an artifact that is missing, names it, and cannot mend that', async () => {
    await run();
    const shard = readdirSync(`${home}/artifacts`).find((name) => name !== 'staged');
    rmSync(`${home}/artifacts/${shard}`, { recursive: true });
    const { status, stdout } = await call('doctor', '--fix');
    expect(status).toBe(1);
    expect(stdout).toMatch(/error the content \w{12} is missing: Sample\/\d+\/start\/1\/large/);
    expect(stdout).toContain('Left: 1 error.');
  });
});
