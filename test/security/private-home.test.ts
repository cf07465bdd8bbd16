import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { locateHome, makeHome } from '../../src/store/home-folder.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import { flowFolder } from '../flow-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';

const FLOW = `
export class Sample extends FlowSpec.with({ token: parameter.string({ secret: true, default: '' }) }) {
  large = new Float64Array(20_000);
  start = step([card()], async () => {
    console.log('to stdout');
    console.error('to stderr');
    current.tempdir;
    this.large[0] = 1;
    trace('started', 'one');
    while (existsSync('hold')) await sleep(5);
    this.next(this.end);
  });
  end = step();
}`;

/** What in the folder, it included, anybody but its owner may do something with. */
function openToOthers(folder: string): string[] {
  const names = ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })];
  return names.flatMap((name) => {
    const mode = lstatSync(join(folder, name), { throwIfNoEntry: false })?.mode ?? 0; // it may be gone by now
    return (mode & 0o077) === 0 ? [] : [`${basename(folder)}/${name} ${(mode & 0o777).toString(8)}`];
  });
}

describe.each(['0', '022', '077'])('with a umask of %s', (umask) => {
  test('all that a run keeps anywhere, during and after it, is for its user alone', async () => {
    using folder = flowFolder(FLOW);
    for (const name of ['temporary', 'cache']) mkdirSync(folder.file(name));
    writeFileSync(folder.file('hold'), '');
    const parent = fileURLToPath(new URL('../fixtures/parents/runs-with-everything.ts', import.meta.url));
    const child = spawn('sh', ['-c', `umask ${umask}; exec "$@"`, 'sh', process.execPath, parent, folder.script], {
      cwd: folder.path,
      env: { ...process.env, TMPDIR: folder.file('temporary'), XDG_CACHE_HOME: folder.file('cache') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    await until(() => folder.trace('started') === 'one\none\n');
    const home = folder.file('.raceway');
    const temporary = readdirSync(folder.file('temporary')).filter((name) => name.startsWith('raceway-'));
    expect(temporary).toHaveLength(1);
    expect(openToOthers(folder.file(join('temporary', temporary[0] ?? '')))).toStrictEqual([]);
    expect(readdirSync(join(home, 'tmp'))).toHaveLength(2);
    expect(openToOthers(home)).toStrictEqual([]);
    spawnSync('rm', [folder.file('hold')]);
    await closed;
    expect(stdout).toBe('successful successful\n');
    expect(openToOthers(home)).toStrictEqual([]);
    for (const name of ['raceway.db', 'logs', 'artifacts', 'detached'])
      expect(existsSync(join(home, name)), name).toBe(true);
    const cache = folder.file('cache/raceway');
    expect([cache, join(cache, 'compile')].map((one) => statSync(one).mode & 0o777)).toStrictEqual([0o700, 0o700]);
  });
});

test('a home that is open to others is used, and its user is told how to close it', async () => {
  using folder = flowFolder(FLOW);
  const home = folder.file('.raceway');
  mkdirSync(home);
  chmodSync(home, 0o755);
  const told = `The home ${home} is open to others; to make it private: chmod -R go= ${home}`;
  expect((await folder.run(['run'])).stderr).toContain(told);
  expect((await folder.run(['--quiet', 'run'])).stderr).toBe('to stderr\n'.replace(/.*\n/, ''));
  chmodSync(home, 0o700);
  chmodSync(join(home, 'raceway.db'), 0o644);
  expect((await folder.run(['run'])).stderr).toContain(told);
  expect(spawnSync('sh', ['-c', told.replace(/.*: /, '')]).status).toBe(0);
  expect((await folder.run(['run'])).stderr).not.toContain('open to others');
});

test('a compile cache that others could write to is made private, and without one that is ours the flow runs all the same', async () => {
  using folder = flowFolder(FLOW);
  const cache = folder.file('cache/raceway/compile');
  mkdirSync(cache, { recursive: true });
  for (const one of [folder.file('cache/raceway'), cache]) chmodSync(one, 0o777);
  const environment = { XDG_CACHE_HOME: folder.file('cache') };
  expect((await folder.run(['run'], environment)).status).toBe(0);
  expect(statSync(cache).mode & 0o777).toBe(0o700);
  expect(readdirSync(cache)).not.toStrictEqual([]);
  // Of root, and not to be written to by others: nobody else's is taken, and none can be made there.
  expect((await folder.run(['run'], { XDG_CACHE_HOME: '/proc' })).status).toBe(0);
});

/** Only root can make a folder somebody else's. */
const isRoot = process.getuid?.() === 0;

function giveAway(path: string): void {
  chownSync(path, 65_534, 65_534);
}

test.runIf(isRoot)('a compile cache that somebody else has put there is left alone', async () => {
  using folder = flowFolder(FLOW);
  const cache = folder.file('cache/raceway/compile');
  mkdirSync(cache, { recursive: true });
  giveAway(cache);
  expect((await folder.run(['run'], { XDG_CACHE_HOME: folder.file('cache') })).status).toBe(0);
  expect(readdirSync(cache)).toStrictEqual([]);
});

describe('a home that is not named', () => {
  test('is that of this user, or of whom the folder belongs that it is in', () => {
    using folder = temporaryFolder();
    const inner = folder.file('project/below');
    makeHome(folder.file('project/.raceway'));
    mkdirSync(inner);
    expect(locateHome({ cwd: inner, home: '' })).toBe(folder.file('project/.raceway'));
    if (!isRoot) return;
    giveAway(folder.file('project'));
    giveAway(folder.file('project/.raceway'));
    expect(locateHome({ cwd: inner, home: '' })).toBe(folder.file('project/.raceway'));
  });

  test.runIf(isRoot)('is not one that somebody has put into a folder of others', () => {
    using folder = temporaryFolder();
    const inner = folder.file('shared/mine');
    makeHome(folder.file('shared/.raceway'));
    mkdirSync(inner);
    giveAway(folder.file('shared/.raceway'));
    expect(locateHome({ cwd: inner, home: '' })).toBe(join(inner, '.raceway'));
    expect(() => locateHome({ cwd: folder.file('shared'), home: '' })).toThrow(
      /cannot use the home .*shared\/\.raceway: somebody else has put it there/,
    );
    expect(locateHome({ cwd: inner, home: '../.raceway' })).toBe(folder.file('shared/.raceway')); // it was named
  });

  test.runIf(isRoot)('is used when it is named although it belongs to another user, which is said', async () => {
    using folder = flowFolder(FLOW);
    const home = folder.file('theirs');
    await openSqliteStore(home, { access: 'write' }).close();
    giveAway(home);
    const { status, stderr } = await folder.run([`--home=${home}`, 'run']);
    expect(status).toBe(0);
    expect(stderr).toContain(`The home ${home} belongs to another user, who can read and change what is in it.`);
  });
});
