import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secretForms } from '../../src/engine/secret-forms.ts';
import { marked } from '../../src/process/marked.ts';
import { parameterArguments } from '../../src/runner/parameter-arguments.ts';
import { startRaceway } from '../cli/raceway.ts';
import { flowFolder } from '../flow-folder.ts';
import { processesNamed } from '../processes-named.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { many } from './many.ts';

const SECRETS = {
  byRunner: `tök"en<&'\\-🔑-by-runner`,
  byEnvironment: `k\`ey"<&'\\-🔑-by-environment`,
  ofStep: `-----BEGIN KEY-----\nline "one" of it\n<line> 'two' of it\n-----END KEY-----`,
};

const FLOW = `
export class Sample extends FlowSpec.with({
  token: parameter.string({ secret: true, required: true }),
  key: parameter.string({ secret: true, required: true }),
}) {
  rest = 'nothing secret';
  start = step([secrets({ sources: ['file:' + process.env.KEY_FILE] }), card()], async () => {
    const all = [this.token, this.key, process.env.KEY];
    if (!all.every((one) => one!.length > 10)) throw new Error('not all secrets are there');
    for (const secret of all) {
      console.log(secret, { secret }, JSON.stringify({ secret, twice: JSON.stringify(secret) }));
      process.stderr.write(secret!.slice(0, 7));
      process.stderr.write(secret!.slice(7) + '\\n');
      spawnSync('sh', ['-c', 'printf "%s\\n" "$SHOWN"; printf "%s" "$SHOWN" >&2'], { env: { SHOWN: secret! }, stdio: 'inherit' });
      current.card.append(markdown('# ' + secret), table([[secret!]]), value(secret));
    }
    process.report.writeReport(new URL('report.json', import.meta.url).pathname);
    console.log('all printed');
    trace('printed', 'yes');
    while (existsSync('hold')) await sleep(5);
    this.next(this.thrown, this.stored, this.passed);
  });
  thrown = step([catchError({ artifact: 'problem' })], () => {
    if (this.token) throw Object.assign(new TypeError(this.token, { cause: new Error(this.key) }), { code: this.key });
    this.next(this.joined);
  });
  stored = step([catchError({ artifact: 'refused' })], () => {
    (this as { kept?: unknown }).kept = new Map([[1, { deep: ['<' + this.token + '>'] }]]);
    this.next(this.joined);
  });
  passed = step([card()], () => {
    current.card.append(markdown('[' + this.key + '](https://example.org)'));
    this.next(this.joined);
  });
  joined = join((inputs: Inputs<this>) => {
    const problem = inputs.get('thrown') as unknown as { problem: { message: string } };
    const refused = inputs.get('stored') as unknown as { refused: { message: string } };
    trace('problem', problem.problem.message);
    trace('refused', refused.refused.message);
    this.next(this.end);
  });
  end = step();
}`;

/** Each file of the folder, and below it, that holds a secret in any form. */
function filesWithSecrets(folder: string): string[] {
  const forms = Object.values(SECRETS).flatMap((secret) =>
    [secret, ...secret.split('\n').slice(1, -1)].flatMap((part) => [
      ...secretForms(part).map((form) => Buffer.from(form)),
      Buffer.from(part, 'utf16le'),
      Buffer.from(Buffer.from(part).toString('base64').slice(0, -4)),
      Buffer.from(encodeURIComponent(part)),
    ]),
  );
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const file = join(folder, name);
    if (name.startsWith('node_modules') || !lstatSync(file).isFile()) return false;
    const bytes = readFileSync(file);
    return forms.some((form) => bytes.includes(form));
  });
}

test('no file anywhere holds a secret while a run goes on or after it, however it was given and whatever is done with it', async () => {
  using folder = flowFolder(FLOW);
  using elsewhere = temporaryFolder();
  for (const name of ['temporary', 'cache']) mkdirSync(folder.file(name));
  writeFileSync(folder.file('hold'), '');
  writeFileSync(elsewhere.file('key'), SECRETS.ofStep);
  const parent = fileURLToPath(new URL('../fixtures/parents/runs-with-everything.ts', import.meta.url));
  const variable = `RACEWAY_TEST_SECURITY_${process.pid}`;
  const child = spawn(process.execPath, [parent, folder.script], {
    cwd: folder.path,
    env: {
      ...process.env,
      TMPDIR: folder.file('temporary'),
      XDG_CACHE_HOME: folder.file('cache'),
      GIVEN_TOKEN: SECRETS.byRunner,
      RACEWAY_RUN_KEY: SECRETS.byEnvironment,
      KEY_FILE: elsewhere.file('key'),
      [variable]: 'here',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));

  await until(() => folder.trace('printed') === 'yes\nyes\n');
  const logs = (): string[] =>
    readdirSync(folder.file('.raceway/logs'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.stdout'),
    );
  await until(
    () =>
      logs().filter((name) => readFileSync(folder.file(join('.raceway/logs', name)), 'utf8').includes('all printed'))
        .length === 2,
  );
  await until(() => filesWithSecrets(folder.file('.raceway/logs')).length === 0); // what was printed has been taken in
  const processes = await marked({ name: variable });
  expect(processes.length).toBeGreaterThanOrEqual(5);
  for (const pid of processes) process.kill(pid, 'SIGSTOP');
  try {
    expect(filesWithSecrets(folder.path)).toStrictEqual([]);
    expect(readFileSync(folder.file('report.json'), 'utf8')).toContain('"javascriptStack"');
    expect(
      readdirSync(folder.path, { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('parameters.json'),
      ),
    ).toStrictEqual([]);
    expect(readdirSync(folder.file('temporary')).some((name) => name.startsWith('raceway-'))).toBe(true);
  } finally {
    for (const pid of processes) process.kill(pid, 'SIGCONT');
  }
  rmSync(folder.file('hold'));
  await closed;
  expect(stdout).toBe('successful successful\n');
  // What a task that caught the error of another was given, and that it was one.
  expect(folder.trace('problem')).toMatch(/^\*+\n\*+\n$/);
  expect(folder.trace('refused')).toMatch(/the artifact "kept" cannot be stored: it holds a secret/);
  expect(filesWithSecrets(folder.path)).toStrictEqual([]);
  expect(readdirSync(folder.file('cache/raceway/compile'))).not.toStrictEqual([]);
});

test.each([
  ['a run', []],
  ['a detached run', ['--detach']],
] as const)('a secret that is typed for %s is in no file, and in no list of processes', async (_, options) => {
  const secret = 'typed-by-somebody';
  using folder = flowFolder(`
    class Sample extends FlowSpec.with({ token: parameter.string({ secret: true }), day: parameter.string() }) {
      start = step(async () => {
        trace('begun', this.day + this.token.length);
        while (!existsSync('open')) await sleep(5);
        this.next(this.end);
      });
      end = step();
    }`);
  const holdsIt = (file: string): boolean => lstatSync(file).isFile() && readFileSync(file).includes(secret);
  const files = (): string[] =>
    readdirSync(folder.path, { recursive: true, encoding: 'utf8' }).filter(
      (name) => !name.startsWith('node_modules') && holdsIt(folder.file(name)),
    );
  const args = ['run', ...options, folder.script, '--day=Monday', `--token=${secret}`];
  const { called } = startRaceway(args, { cwd: folder.path, env: { TMPDIR: folder.path } });
  await until(() => folder.trace('begun') === `Monday${secret.length}\n`);
  if (options.length > 0) await called; // else files come and go
  expect(processesNamed(folder.script)).not.toStrictEqual([]);
  expect([processesNamed(secret), files()]).toStrictEqual([[], []]);
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  expect(run?.command.slice(2)).toStrictEqual(['run', '--day=Monday', '--token=***']);
  writeFileSync(folder.file('open'), '');
  await called;
  await until(() => processesNamed(folder.path).length === 0); // the keeper too
  expect((await home.flow('Sample').latestRun())?.successful).toBe(true);
  expect(files()).toStrictEqual([]);
});

test('a secret that was typed is not repeated by the advice when a script starts no run', async () => {
  using folder = flowFolder('class Sample extends FlowSpec {}');
  writeFileSync(folder.script, 'process.exit(3); // it has a secret');
  const { stderr, stdout } = await startRaceway(['run', folder.script, '--token=typed-by-somebody']).called;
  expect(stderr).toMatch(/To try it by itself: node .*sample\.js run \(and the arguments that you gave\)\n$/);
  expect(stdout + stderr).not.toContain('typed-by-somebody');
});

test('a file of arguments is taken from a Runner only, and removed only when it is one', async () => {
  using folder = flowFolder('class Sample extends FlowSpec { start = step(() => this.next(this.end)); end = step(); }');
  const file = folder.file('arguments.json');
  writeFileSync(file, '{"precious":1}');
  const given = [`--arguments-file=${file}`, `--runner-attribute-file=${folder.file('attributes.json')}`];
  const refused = await folder.run(['run', ...given]);
  expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('holds no JSON array of strings') });
  writeFileSync(file, '["--tag=typed"]');
  await folder.run(['run', `--arguments-file=${file}`]);
  expect(readFileSync(file, 'utf8')).toBe('["--tag=typed"]');
  expect((await folder.run(['run', ...given])).status).toBe(0);
  expect(existsSync(file)).toBe(false);
  await using home = await folder.home();
  expect((await home.flow('Sample').latestRun())?.userTags).toStrictEqual(['typed']);
});

test('flows in other languages are given nothing in a file', () => {
  const parameters = fc.dictionary(
    fc.stringMatching(/^[a-z_][a-z0-9_]{0,8}$/),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())),
  );
  fc.assert(
    fc.property(parameters, (given) => {
      fc.pre(!JSON.stringify(given).includes('\\u0000'));
      const { flags, inFile } = parameterArguments(given, { kind: 'foreign' });
      expect(Object.keys(inFile)).toStrictEqual([]);
      expect(flags.every((flag) => flag.startsWith('--'))).toBe(true);
    }),
    many(200),
  );
});
