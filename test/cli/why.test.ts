import { execFile } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { deadProcess, SeededHome } from '../client/seeded-home.ts';
import { flowFolder, type FlowFolder } from '../flow-folder.ts';
import { processesNamed } from '../processes-named.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { until } from '../until.ts';
import { jsonLines, raceway } from './raceway.ts';

/** Fails in the second iteration until the file `mended` is there. */
const SOURCE = `
class Sample extends FlowSpec.with({ rate: parameter.float({ default: 0.5 }), unread: parameter.string({ default: 'x' }) }) {
  table = ['some', 'rows'];
  start = step(() => this.next(this.fit, { foreach: ['a', 'b'] }));
  fit = step((item: string) => {
    console.log('fitting', item, this.rate, this.table.length);
    if (item === 'b' && !existsSync(new URL('mended', import.meta.url))) throw new TypeError('no such thing');
    this.next(this.choose);
  });
  choose = join(() => this.next(this.end));
  end = step(() => trace('ended', 'yes'));
}`;

/** Fails; nothing keeps what it is given. */
const SECRET_SOURCE = `
class Sample extends FlowSpec.with({
  token: parameter.string({ required: true, secret: true }),
  salt: parameter.string({ default: 'none', secret: true }),
}) {
  start = step(() => this.next(this.end));
  end = step(() => { throw new Error('refused ' + this.token.length); });
}`;

interface Why {
  readonly failedTask: { readonly pathspec: string };
  readonly source: { readonly kind: string; readonly why?: string };
  readonly commands: { readonly spin: string; readonly resume: string };
}

/** Runs a command as somebody would who pastes it into a shell. */
async function paste(command: string, cwd: string): Promise<string> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
  return (await promisify(execFile)('sh', ['-c', command], { cwd, env })).stdout;
}

describe('raceway why', () => {
  test('tells the failed task, its inputs, its last lines, and the commands that run it again', async () => {
    using folder = flowFolder(SOURCE);
    await folder.run(['run', '--rate=0.25']);
    const { status, stdout } = await raceway(['why'], { cwd: folder.path });
    expect(status).toBe(0);
    const lines = stdout.split('\n').map((line) => line.trim().replaceAll(/ {2,}/g, ' '));
    expect(lines[0]).toMatch(/^Sample\/\d+ failed at fit\/3$/);
    expect(lines[1]).toMatch(/^A task failed, and the run ended after /);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Sample\/\d+\/fit\/3$/),
        'TypeError: no such thing',
        expect.stringMatching(/^at .*sample\.js:14:\d+\)?$/),
        "item 'b'",
        'rate parameter 0.25',
        expect.stringMatching(/^table Array .*\[ 'some', 'rows' \]$/),
        expect.stringMatching(/^from Sample\/\d+\/start\/1$/),
        expect.stringMatching(/ fitting b 0\.25 2$/),
        'The source of fit is still the same.',
        expect.stringMatching(/^this task alone node sample\.js spin \d+\/fit\/3$/),
        expect.stringMatching(/^the rest of the run node sample\.js resume --origin-run-id=\d+$/),
      ]),
    );
    expect(stdout).not.toContain('unread'); // it had no part in it
  });

  async function whySample(folder: FlowFolder): Promise<Why> {
    const { stdout } = await raceway(['why', 'Sample', '--json'], { cwd: folder.path });
    return jsonLines(stdout)[0] as Why;
  }

  test('sees that the source of a step was changed, which its command that spins executes', async () => {
    using folder = flowFolder(SOURCE);
    await folder.run(['run']);
    expect((await whySample(folder)).source).toEqual({ kind: 'unchanged' });
    folder.write(SOURCE.replace('no such thing', 'another thing').replace("'some'", "'any'"));
    const { commands, source } = await whySample(folder);
    expect(source).toEqual({ kind: 'changed' });
    await expect(paste(commands.spin, folder.path)).rejects.toThrow('another thing');
    expect(folder.trace('ended')).toBe('');
  });

  test('gives commands that do what they say, and sees what was resumed', async () => {
    using folder = flowFolder(SOURCE);
    await folder.run(['run']);
    const { commands, failedTask } = await whySample(folder);
    folder.write(SOURCE.replace('!existsSync', 'existsSync'));
    expect(await paste(commands.spin, folder.path)).toContain('fitting b');
    await paste(commands.resume, folder.path);
    expect(folder.trace('ended')).toBe('yes\n');

    const { stdout } = await raceway(['why', failedTask.pathspec], { cwd: folder.path });
    expect(stdout).toMatch(/It was resumed as Sample\/\d+, which is successful\./);
    const latest = await raceway(['why', 'Sample'], { cwd: folder.path });
    expect(latest.stdout).toContain('It succeeded.');
  });

  test('names the home in its commands where the flow would not find it', async () => {
    using folder = flowFolder(SOURCE);
    const home = folder.file("it's a home");
    await folder.run(['--home', home, 'run']);
    const { stdout } = await raceway(['why', '--json', '--home', home], { cwd: folder.path });
    const { commands } = jsonLines(stdout)[0] as Why;
    expect(commands.resume).toContain(`'--home=${home.replace("'", `'\\''`)}'`);
    folder.write(SOURCE.replace('!existsSync', 'existsSync'));
    await paste(commands.resume, folder.path);
    expect(folder.trace('ended')).toBe('yes\n');
  });

  test('says that no run has failed', async () => {
    await using seeded = await SeededHome.make();
    await (await seeded.run()).writer.finish({ status: 'successful' });
    const { status, stdout } = await raceway(['why', '--home', seeded.path]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: `No run in the home ${seeded.path} has failed, or a resume has made it good.\n`,
    });
    const told = async () => jsonLines((await raceway(['why', '--json', '--home', seeded.path])).stdout)[0] as object;
    const nothing = await told();
    expect(nothing).toMatchObject({ run: null, resumes: [], task: null, commands: { spin: null, resume: null } });
    await (await seeded.run()).writer.finish({ status: 'failed', reason: { kind: 'killed' } });
    expect(Object.keys(nothing)).toEqual(Object.keys(await told()));
  });

  test('says what is known of a run that is lost, killed or timed out', async () => {
    await using seeded = await SeededHome.make();
    const lost = await seeded.run({ process: await deadProcess() });
    await lost.log(await lost.start('fit'), 'almost\n');
    const { stdout } = await raceway(['why', '--home', seeded.path]);
    expect(stdout).toContain('Its process is gone without a word');
    expect(stdout).toContain(`${lost.pathspec}/fit/1`);
    expect(stdout).toContain('almost');

    for (const [status, kind, text] of [
      ['failed', 'killed', 'It was ended on request after'],
      ['timeout', 'timeout', 'It took longer than its limit and was ended after'],
    ] as const) {
      const run = await seeded.run();
      await run.log(await run.start('fit'), 'half way\n');
      await run.writer.finish({ status, reason: { kind } }, { kind: 'stopped' });
      const called = await raceway(['why', '--home', seeded.path]);
      expect(called.stdout).toContain(text);
      expect(called.stdout).toContain(`It was running ${run.pathspec}/fit/1, for`);
      expect(called.stdout).toContain('half way');
    }
  });

  test('names every task that is running, of a run that is, and the last lines of the latest three', async () => {
    await using seeded = await SeededHome.make();
    const run = await seeded.run();
    for (let count = 0; count < 5; count++) await run.log(await run.start('fit'), `line ${count}\n`);
    const { stdout } = await raceway(['why', run.pathspec, '--home', seeded.path]);
    expect(stdout).toMatch(/It is running, for .* so far\./);
    expect(stdout).toContain(`It is running ${run.pathspec}/fit/5, for`);
    expect(stdout.match(/line \d/g)).toEqual(['line 4', 'line 3', 'line 2']);
    expect(stdout).toContain('and 2 tasks more');
    const [told] = jsonLines((await raceway(['why', run.pathspec, '--json', '--home', seeded.path])).stdout);
    const lastLines = [['line 4'], ['line 3'], ['line 2'], [], []].map((texts) => texts.map((text) => ({ text })));
    expect(told).toMatchObject({ runningTasks: lastLines.map((lines) => ({ status: 'running', lastLines: lines })) });
  });

  test('runs nothing that a home names, unless it is a flow script of the project that one works in', async () => {
    using folder = flowFolder(SOURCE);
    using elsewhere = flowFolder(`${SOURCE}\ntrace('executed', 'yes');`);
    await using seeded = await SeededHome.make();
    const named = async (file: string): Promise<string> => {
      const run = await seeded.run({ flow: 'Sample', command: [process.execPath, file, 'run'] });
      await run.fail(await run.start('fit'), 'no such thing');
      await run.writer.finish({ status: 'failed', reason: { kind: 'killed' } });
      const { status, stdout } = await raceway(['why', '--json', '--home', seeded.path], { cwd: folder.path });
      expect(status).toBe(0);
      const { source } = jsonLines(stdout)[0] as Why;
      expect(source.kind).toBe('unknown');
      return source.why ?? '';
    };
    expect(await named(elsewhere.script)).toContain('is not in the project');
    expect(await named(folder.file('gone.ts'))).toContain('cannot be read any more');
    expect(await named('--eval=1')).toContain('names no flow script');
    expect(await named(folder.file('package.json'))).toContain('is no flow script');
    expect(existsSync(elsewhere.file('executed'))).toBe(false);
    folder.write(`${SOURCE}\ntrace('executed', 'yes');`.replaceAll('class Sample', 'class Other'));
    expect(await named(folder.script)).toContain('does not define Sample');
    expect(folder.trace('executed')).toBe('');
  });

  test('executes nothing when it is told so', async () => {
    using folder = flowFolder(`${SOURCE}\ntrace('executed', 'yes');`);
    await folder.run(['run']);
    const before = folder.trace('executed');
    expect(before).not.toBe('');
    const { stdout } = await raceway(['why', '--no-source', '--json'], { cwd: folder.path });
    expect(jsonLines(stdout)[0]).toMatchObject({ source: null, commands: { spin: expect.any(String) } });
    expect(folder.trace('executed')).toBe(before);
  });

  test('compares with the flow script it is given', async () => {
    using folder = flowFolder(SOURCE);
    using copy = flowFolder(SOURCE);
    await folder.run(['run']);
    const home = folder.file('.raceway');
    const { stdout } = await raceway(['why', '--json', '--file', copy.script, '--home', home], { cwd: '/' });
    expect((jsonLines(stdout)[0] as Why).source).toEqual({ kind: 'unchanged' });
  });

  test('says which secrets have to be given again, and the commands work with them', async () => {
    using folder = flowFolder(SECRET_SOURCE);
    await folder.run(['run'], { RACEWAY_RUN_TOKEN: 'hush' });
    const { stdout } = await raceway(['why'], { cwd: folder.path });
    expect(stdout).toContain(
      'give again what is secret and was not kept: --token (or in the environment: RACEWAY_RESUME_TOKEN)\n',
    );
    expect(stdout).toContain('if it was given, what is secret and was not kept: --salt (');
    const told = jsonLines((await raceway(['why', '--json'], { cwd: folder.path })).stdout)[0] as Why;
    expect(told).toMatchObject({ secrets: { giveAgain: ['token'], giveIfGiven: ['salt'] } });
    await expect(paste(told.commands.resume, folder.path)).rejects.toThrow('token is required and was not given again');
    folder.write(SECRET_SOURCE.replace('throw', 'if (this.token === "") throw'));
    await paste(`RACEWAY_RESUME_TOKEN=hush ${told.commands.spin}`, folder.path);
    await paste(`${told.commands.resume} --token=hush`, folder.path);
  });

  test('tells of secrets what the run shows when no script is asked', async () => {
    using folder = flowFolder(SECRET_SOURCE);
    await folder.run(['run', '--token=hush']);
    const { stdout } = await raceway(['why', '--json', '--no-source'], { cwd: folder.path });
    expect(jsonLines(stdout)[0]).toMatchObject({ secrets: { giveAgain: ['token'], giveIfGiven: [] } });
  });

  test.each([
    ['nothere.ts', undefined, 'there is no file nothere.ts\n'],
    ['.', undefined, '. is no file\n'],
    ['other.ts', 'class Other', '/other.ts holds Other, not Sample\n'],
  ])('refuses %s as the flow script', async (file, heading, message) => {
    using folder = flowFolder(SOURCE);
    await folder.run(['run']);
    if (heading !== undefined) {
      const text = readFileSync(folder.script, 'utf8').replace('class Sample', heading).replace('(Sample)', '(Other)');
      writeFileSync(folder.file(file), text);
    }
    const { status, stdout, stderr } = await raceway(['why', '--file', file], { cwd: folder.path });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  test.each([
    ['class { a b c }', /: SyntaxError \[ERR_\w+\]: [^\n]+ \(\/[^\n]*\/odd\.ts:1\)\.$/],
    ["import './nothere.ts';", /: Error \[ERR_MODULE_NOT_FOUND\]: Cannot find module '\/[^\n]+\/odd\.ts\.$/],
    ["throw new TypeError('at once');", /: TypeError: at once \(\/[^\n]*\/odd\.ts:1\)\.$/],
  ])('gives the line that matters of a script that cannot be loaded: %s', async (source, expected) => {
    await using seeded = await SeededHome.make();
    using folder = temporaryFolder();
    writeFileSync(folder.file('odd.ts'), source);
    const run = await seeded.run();
    await run.fail(await run.start('fit'), 'no such thing');
    await run.writer.finish({ status: 'failed', reason: { kind: 'killed' } });
    const { stdout } = await raceway(['why', '--home', seeded.path, '--file', folder.file('odd.ts')]);
    expect(stdout.split('\n').find((line) => line.includes('is not known'))).toMatch(expected);
  });

  test('gives no command that cannot work when the script is not there any more', async () => {
    using folder = flowFolder(SOURCE);
    await folder.run(['run']);
    rmSync(folder.script);
    const { stdout } = await raceway(['why'], { cwd: folder.path });
    expect(stdout).not.toContain('node sample.js');
    expect(stdout).toMatch(
      /the rest of the run {2}raceway resume --file=<file> Sample\/\d+\n.*sample\.js is not there any more\n/,
    );
    const told = jsonLines((await raceway(['why', '--json'], { cwd: folder.path })).stdout)[0];
    expect(told).toMatchObject({ commands: { spin: null, resume: null } });
  });

  test('says of a task that succeeded that it did, and what failed', async () => {
    await using seeded = await SeededHome.make();
    const run = await seeded.run();
    const start = await run.task('start');
    const fit = await run.start('fit', { parentIds: [start] });
    await run.fail(fit, 'no such thing');
    const failed = `${run.pathspec}/fit/${fit}`;
    await run.writer.finish({ status: 'failed', reason: { kind: 'task', pathspec: failed, message: 'no such thing' } });
    const called = await raceway(['why', `${run.pathspec}/start/1`, '--home', seeded.path]);
    expect(called.stdout).toContain(`The task that you named succeeded.\n  What failed is ${failed}.\n`);
    const { stdout } = await raceway(['why', `${run.pathspec}/start/1`, '--json', '--home', seeded.path]);
    expect(jsonLines(stdout)[0]).toMatchObject({
      task: { pathspec: `${run.pathspec}/start/1`, status: 'successful' },
      failedTask: { pathspec: failed },
    });
  });

  test('explains the step that is named, not what failed elsewhere', async () => {
    await using seeded = await SeededHome.make();
    const run = await seeded.run();
    const start = await run.task('start');
    for (const _ of ['stopped', 'failed', 'successful']) await run.start('fit', { parentIds: [start] });
    await run.finish('4');
    await run.finish('2', { state: { status: 'failed', reason: { kind: 'stopped' } } });
    await run.fail('3', 'no such thing');
    const failed = `${run.pathspec}/fit/3`;
    await run.writer.finish({ status: 'failed', reason: { kind: 'task', pathspec: failed, message: 'no such thing' } });
    const why = (...args: readonly string[]) => raceway(['why', ...args, '--home', seeded.path]);
    const ofStart = (await why('TrainFlow/start')).stdout;
    expect(ofStart).toContain(`The step that you named succeeded.\n  What failed is ${failed}.\n`);
    expect(ofStart).toContain(`  Task\n    ${run.pathspec}/start/1\n`);
    expect((await why(`${run.pathspec}/fit`)).stdout).toContain(`  Task\n    ${failed}\n`);
    expect(jsonLines((await why('TrainFlow/start', '--json')).stdout)).toMatchObject([
      { task: { pathspec: `${run.pathspec}/start/1` }, failedTask: { pathspec: failed } },
    ]);
    const missing = await why(`${run.pathspec}/fitt`);
    expect(missing).toMatchObject({
      status: 1,
      stdout: '',
      stderr: `Error: ${run.pathspec} has no step fitt\nDid you mean fit?\n`,
    });
    expect((await why(`${run.pathspec}/start/3`)).stderr).toContain(`has no task 3\nThat task is ${failed}.\n`);
  });

  test('explains of a step what went wrong with it, else what is going on', async () => {
    await using seeded = await SeededHome.make();
    const run = await seeded.run();
    const ids = [await run.start('fit'), await run.start('fit'), await run.start('fit')];
    const told = async () => {
      const { stdout } = await raceway(['why', `${run.pathspec}/fit`, '--home', seeded.path]);
      return / {2}Task\n {4}\S+\/(fit\/\d+)\n/.exec(stdout)?.[1];
    };
    const [first = '', second = '', third = ''] = ids;
    await run.finish(third);
    await run.finish(first);
    expect(await told()).toBe(`fit/${second}`); // it is running
    await run.finish(second, { state: { status: 'failed', reason: { kind: 'stopped' } } });
    expect(await told()).toBe(`fit/${second}`);
    const failed = await run.start('fit');
    await run.fail(failed, 'no such thing');
    expect(await told()).toBe(`fit/${failed}`); // the other one was only stopped
  });

  test('shows what the process of a detached run wrote to stderr before it ended by itself', async () => {
    // Loaded by the run process and its workers; only the one that is named is to fail.
    using folder = flowFolder(`
      import { readFileSync } from 'node:fs';
      const gate = new URL('gate', import.meta.url);
      const strike = () => {
        if (!existsSync(gate) || readFileSync(gate, 'utf8') !== String(process.pid)) return;
        console.error(Array.from({ length: 30 }, (_, index) => 'line ' + index).join('\\n'));
        throw new Error('module \\u001b[2Jboom');
      };
      setInterval(strike, 5).unref();
      class Sample extends FlowSpec {
        start = step(async () => { await sleep(600_000); this.next(this.end); });
        end = step(() => {});
      }`);
    const call = async (...args: readonly string[]) => raceway(args, { cwd: folder.path });
    const started = await call('run', '--detach', '--json', folder.script);
    const [{ pathspec, pid }] = jsonLines(started.stdout) as [{ pathspec: string; pid: number }];
    writeFileSync(folder.file('gate.new'), String(pid));
    renameSync(folder.file('gate.new'), folder.file('gate'));
    const kept = folder.file(`.raceway/detached/${pathspec}`);
    await until(() => existsSync(`${kept}/exit`));
    await until(() => processesNamed(folder.script).length === 0);

    const lost = (await call('why', pathspec)).stdout;
    expect(lost).toMatch(/Its process is gone, as after SIGKILL, .* it was last heard of after /);
    expect(lost).toContain('Error: module \\x1b[2Jboom\n');
    expect(lost).not.toContain('line 0\n');
    expect(lost).toContain(`all of it: ${kept}/stderr.log\n`);

    await call('stop', pathspec); // which reads how it ended
    const ended = (await call('why', pathspec)).stdout;
    expect(ended).toMatch(/Its process ended with exit status 1 after /);
    expect(ended).toContain('Error: module \\x1b[2Jboom\n');
    const [why] = jsonLines((await call('why', pathspec, '--json')).stdout);
    expect(why).toMatchObject({
      stderr: {
        file: `${kept}/stderr.log`,
        lastLines: expect.arrayContaining([expect.stringContaining('Error: module \u001b[2Jboom')]),
      },
    });
  });

  test('takes the last sign of life of a lost run for its end', async () => {
    await using seeded = await SeededHome.make();
    const lost = await seeded.run({ process: await deadProcess() });
    const id = await lost.start('fit');
    await lost.log(id, 'almost\n');
    using database = new DatabaseSync(`${seeded.path}/raceway.db`);
    const anHourAgo = Date.now() - 3_600_000;
    database.prepare('UPDATE run SET created_at = ?, heartbeat_at = ?').run(anHourAgo, anHourAgo);
    const task = (await raceway(['show', `${lost.pathspec}/fit/1`, '--home', seeded.path])).stdout;
    const time = /started +(.*)\n/.exec(task)?.[1] ?? '';
    expect(task).toMatch(new RegExp(`last heard of +${RegExp.escape(time)}\\n`));
    const shown = async (...args: readonly string[]) => (await raceway([...args, '--home', seeded.path])).stdout;
    expect(await shown('why')).toMatch(/it was last heard of after (1 h 0 m|59 m \d+ s) /);
    expect(await shown('ls')).toMatch(/ ≥ (1 h 0 m|59 m \d+ s) /);
    expect(await shown('show', lost.pathspec)).toMatch(/last heard of .* \(after ≥ (1 h 0 m|59 m \d+ s)\)/);
  });
});
