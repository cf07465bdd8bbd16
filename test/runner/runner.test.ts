import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { FlowFileError, InvalidOptionError, NotFoundError, RacewayError } from '../../src/core/errors.ts';
import { marked } from '../../src/process/marked.ts';
import { CleanedUpError, FlowStartError, RunFailedError, StartTimeoutError } from '../../src/runner/errors.ts';
import { ExecutingRun } from '../../src/runner/executing-run.ts';
import { Runner } from '../../src/runner/runner.ts';
import { puppet } from '../fixtures/puppet.ts';

const quiet = { showOutput: false } as const;

/** What the promise rejects with. */
async function errorOf<E extends Error>(promise: Promise<unknown>, type: new (...args: never[]) => E): Promise<E> {
  const error: unknown = await promise.then(
    () => expect.fail('nothing was thrown'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(type);
  return error as E;
}

function tempFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`raceway-${process.pid}-`));
}

describe('Runner', () => {
  test('gives the flow its options and parameters, and this process its output', async () => {
    await using runner = new Runner(puppet('prints-arguments.mjs'), { ...quiet, quiet: true });
    const running = await runner.run({ seconds: 5, text: 'a b' }, { tags: ['x'] });
    expect(JSON.parse(running.stdout)).toEqual([
      '--quiet',
      'run',
      expect.stringMatching(/^--runner-attribute-file=/),
      '--tag=x',
      '--seconds=5',
      '--text=a b',
    ]);
    expect(running.command.slice(0, 2)).toEqual([process.execPath, puppet('prints-arguments.mjs')]);
  });

  test('gives values that do not fit on a command line in a private file', async () => {
    await using runner = new Runner(puppet('prints-arguments.mjs'), quiet);
    const long = 'é'.repeat(500_000);
    const running = await runner.run({ seconds: 5, long, object: { long }, zero: 'a\0b' });
    const [argv = '', file = '', mode] = running.stdout.split('\n');
    expect(JSON.parse(argv)).toEqual([
      'run',
      expect.stringMatching(/^--runner-attribute-file=/),
      expect.stringMatching(/^--parameters-file=/),
      '--seconds=5',
    ]);
    expect(JSON.parse(file)).toEqual({ long, object: { long }, zero: 'a\0b' });
    expect(mode).toBe('600');
  });

  test('takes a file URL', async () => {
    await using runner = new Runner(pathToFileURL(puppet('exits.mjs')), quiet);
    expect((await runner.run()).status).toBe('successful');
  });

  test('runs a Python flow on python3', async () => {
    await using runner = new Runner(puppet('prints-arguments.py'), { ...quiet, pylint: false });
    const running = await runner.run({ seconds: 5 }, { maxWorkers: 1 });
    expect((JSON.parse(running.stdout) as string[]).filter((text) => !text.includes('attribute'))).toEqual([
      '--no-pylint',
      'run',
      '--max-workers=1',
      '--seconds=5',
    ]);
  });

  test('executes a file of another kind itself', async () => {
    await using runner = new Runner(puppet('prints-arguments'), quiet);
    const running = await runner.run({ seconds: 5 });
    expect(running.stdout).toContain('\n--seconds=5\n');
    expect(running.run.pathspec).toBe(`Puppet/${running.pid}`);
  });

  test('gives the flow to another interpreter when told to', async () => {
    await using runner = new Runner(puppet('prints-surroundings.mjs'), {
      ...quiet,
      interpreter: [process.execPath, '--no-warnings'],
    });
    const running = await runner.run();
    expect(JSON.parse(running.stdout)).toMatchObject({ execArgv: ['--no-warnings'] });
  });

  test('adds to the environment, overrides it, and removes from it', async () => {
    process.env['RACEWAY_TEST_KEPT'] = 'kept';
    process.env['RACEWAY_TEST_OVERRIDDEN'] = 'old';
    process.env['RACEWAY_TEST_REMOVED'] = 'old';
    const env = { RACEWAY_TEST_OVERRIDDEN: 'new', RACEWAY_TEST_REMOVED: undefined, RACEWAY_TEST_ADDED: 'added' };
    await using runner = new Runner(puppet('prints-surroundings.mjs'), { ...quiet, env });
    const printed = JSON.parse((await runner.run()).stdout) as { env: Record<string, string>; execArgv: unknown };
    expect(printed.env).toMatchObject({
      RACEWAY_TEST_KEPT: 'kept',
      RACEWAY_TEST_OVERRIDDEN: 'new',
      RACEWAY_TEST_ADDED: 'added',
    });
    expect(printed.env).not.toHaveProperty('RACEWAY_TEST_REMOVED');
    expect(printed.execArgv).toEqual([]);
    expect(printed.env['NODE_COMPILE_CACHE']).toMatch(/raceway\/compile$/);
  });

  test('starts the flow in another folder, but finds the file from its own', async () => {
    const cwd = realpathSync(mkdtempSync(join(tmpdir(), 'cwd-')));
    const relative = puppet('prints-surroundings.mjs').replace(`${process.cwd()}/`, '');
    await using runner = new Runner(relative, { ...quiet, cwd });
    expect(JSON.parse((await runner.run()).stdout)).toMatchObject({ cwd });
  });

  test('keeps the temporary files private', async () => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    await runner.run();
    const [folder = ''] = tempFolders();
    expect(statSync(join(tmpdir(), folder)).mode & 0o777).toBe(0o700);
    expect(statSync(join(tmpdir(), folder, 'stdout.log')).mode & 0o777).toBe(0o600);
  });

  test('runs any number at once', async () => {
    await using runner = new Runner(puppet('prints-arguments.mjs'), quiet);
    const runs = await Promise.all(Array.from({ length: 12 }, (_, number) => runner.run({ number })));
    expect(runs.map(({ stdout }) => (JSON.parse(stdout) as string[]).at(-1))).toEqual(
      Array.from({ length: 12 }, (_, number) => `--number=${number}`),
    );
    expect(new Set(runs.map(({ run }) => run.id)).size).toBe(12);
  });

  test('resumes with a step and parameters', async () => {
    await using runner = new Runner(puppet('prints-arguments.mjs'), quiet);
    const running = await runner.resume({ originRunId: '17', stepToRerun: 'train', parameters: { rate: 1 } });
    expect((JSON.parse(running.stdout) as string[]).toSpliced(2, 1)).toEqual([
      'resume',
      'train',
      '--origin-run-id=17',
      '--rate=1',
    ]);
    expect((await runner.asyncResume()).status).toBe('running');
  });

  test('waits for an attribute file that is still being written', async () => {
    await using runner = new Runner(puppet('announces-in-pieces.mjs'), quiet);
    expect((await runner.run()).run.pathspec).toBe('Puppet/17');
  });

  test('resolves asyncRun when the run has started and run when it has ended', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    const running = await runner.asyncRun();
    expect(running.status).toBe('running');
    expect(running.exitCode).toBe(null);
  });

  test('prints what it is, without a secret', () => {
    expect(inspect(new Runner('flow.ts', { env: { TOKEN: 'secret' } }))).toBe(
      `Runner ${process.cwd()}/flow.ts (0 running)`,
    );
  });
});

describe('Runner that cannot start a run', () => {
  test('rejects with FlowFileError when there is no such file', async () => {
    const error = await errorOf(new Runner('no/such/flow.ts').run(), FlowFileError);
    expect(error.message).toBe(
      `could not run ${process.cwd()}/no/such/flow.ts: there is no such file\n` +
        "Give the path of a flow script; a relative one starts at this process's working folder.",
    );
    expect(error.code).toBe('FLOW_FILE');
  });

  test('rejects with FlowFileError when the file is a folder', async () => {
    expect((await errorOf(new Runner(tmpdir()).run(), FlowFileError)).message).toContain('it is no file');
  });

  test('rejects with FlowFileError when the file cannot be executed', async () => {
    const error = await errorOf(new Runner(puppet('not-executable')).run(), FlowFileError);
    expect(error.message).toMatch(/it is not marked as executable\nMake it executable \(chmod \+x\)/);
  });

  test('rejects with InvalidOptionError when the interpreter is missing', async () => {
    const runner = new Runner(puppet('exits.mjs'), { interpreter: 'no-such-program' });
    const error = await errorOf(runner.run(), InvalidOptionError);
    expect(error.message).toMatch(
      /its interpreter "no-such-program" cannot be executed \(ENOENT\)\nInstall it, or name/,
    );
    await runner[Symbol.asyncDispose]();
  });

  test('rejects with InvalidOptionError when the working folder is missing', async () => {
    const runner = new Runner(puppet('exits.mjs'), { cwd: '/no/such/folder' });
    expect((await errorOf(runner.run(), InvalidOptionError)).option).toBe('cwd');
    await runner[Symbol.asyncDispose]();
  });

  const long = 'x'.repeat(200_000);
  test.each([
    ['option', {}, { tags: [long] }, 'tags', 'the option tags', 200_006],
    ['environment variable', { env: { LONG: long } }, {}, 'env.LONG', 'the environment variable LONG', 200_005],
  ])(
    'rejects with InvalidOptionError that names the %s that is too long',
    async (_, given, options, option, what, size) => {
      await using runner = new Runner(puppet('exits.mjs'), { ...quiet, ...given });
      const error = await errorOf(runner.run({}, options), InvalidOptionError);
      expect(error.option).toBe(option);
      expect(error.message).toBe(
        `could not start ${runner.flowFile}: ${what} is too long for the system, with ${size} bytes\n` +
          'Keep it below 131071 bytes, or write it to a file and give the flow the path of that file.',
      );
      expect(tempFolders()).toEqual([]);
    },
  );

  test('rejects with InvalidOptionError that says so when everything together is too long', async () => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    const tags = Array.from({ length: 100 }, () => 'x'.repeat(100_000));
    expect((await errorOf(runner.run({}, { tags }), InvalidOptionError)).message).toMatch(
      /its command line and environment are too long for the system, with \d{8} bytes\nGive fewer .* the longest is the option tags/,
    );
  });

  test('rejects with InvalidOptionError before it starts anything when an option is unknown', async () => {
    const options: Record<string, unknown> = { showOutputs: false };
    const error = await errorOf(new Runner(puppet('exits.mjs'), options).run(), InvalidOptionError);
    expect(error.message).toMatch(/^new Runner\(\) has no option "showOutputs"\nDid you mean showOutput\?/);
    expect(tempFolders()).toEqual([]);
  });

  test.each([
    [{ showOutput: 'no' }, 'showOutput'],
    [{ startTimeoutMs: '5' }, 'startTimeoutMs'],
    [{ signal: {} }, 'signal'],
    [{ env: { A: 1 } }, 'env.A'],
    [{ cwd: 5 }, 'cwd'],
    [{ interpreter: [1] }, 'interpreter'],
    [{ env: { A: 'a\0b' } }, 'env.A'],
    [{ interpreter: ['node', 'a\0b'] }, 'interpreter'],
    [{ cwd: 'a\0b' }, 'cwd'],
  ])(
    'rejects with InvalidOptionError when its own option is wrong: %j',
    async (options: Record<string, unknown>, option) => {
      expect((await errorOf(new Runner(puppet('exits.mjs'), options).run(), InvalidOptionError)).option).toBe(option);
    },
  );

  test.each([0, 7])('rejects with FlowStartError when the child exits with %i without a word', async (status) => {
    await using runner = new Runner(puppet('exits-before-announcing.mjs'), quiet);
    const error = await errorOf(runner.run({ status }), FlowStartError);
    expect(error).toMatchObject({
      code: 'FLOW_START',
      exitCode: status,
      signalCode: null,
      stdout: 'what it said\n',
      stderr: 'what went wrong\n',
    });
    const lines = error.message.split('\n');
    expect(lines[0]).toBe(`no run was started: the child ended with exit status ${status} before it announced one`);
    expect(lines[1]).toMatch(
      /^Run the command yourself, or read what it printed: .*exits-before-announcing.mjs run --/,
    );
    expect(error.message).toContain('stderr:\nwhat went wrong\n\nstdout:\nwhat it said');
    expect(error.command).toContain(`--status=${status}`);
    expect(error.command.some((argument) => argument.startsWith('--runner-attribute-file='))).toBe(true);
    const pasted = lines[1]?.split('printed: ')[1] ?? '';
    expect(pasted).not.toContain('runner-attribute-file');
    const again = spawnSync('sh', ['-c', pasted], { encoding: 'utf8' });
    expect(again).toMatchObject({ status, stdout: 'what it said\n' });
    expect(tempFolders()).toEqual([]);
  });

  test('says that what the child printed is gone when somebody removed its folder', async () => {
    await using runner = new Runner(puppet('removes-its-folder.mjs'), quiet);
    const { message } = await errorOf(runner.run(), FlowStartError);
    expect(message).toMatch(
      /^no run was started: .* before it announced one, and what it printed is gone: somebody removed \/.*\/raceway-[^/]* \(ENOENT\)\nKeep .* or set TMPDIR to a folder that is left alone\. Run the command yourself: .*run$/,
    );
  });

  test.each([
    [{ code: 'INVALID_OPTION', message: 'no option --x', option: 'x', expected: 'y' }, InvalidOptionError],
    [{ code: 'NOT_FOUND', message: 'no such run', pathspec: 'A/1' }, NotFoundError],
    [{ code: 'FLOW_FILE', message: 'holds no flow', flowFile: 'a.ts' }, FlowFileError],
    [{ code: 'FLOW_DEFINITION', message: 'has no start' }, RacewayError],
  ])('rejects with the error that the child names: %j', async (wire, type) => {
    await using runner = new Runner(puppet('announces-failure.mjs'), quiet);
    const error = await errorOf(runner.run({ error: wire }), type);
    expect(error).toMatchObject(wire);
    expect(error.cause).toBeInstanceOf(FlowStartError);
    expect(error.cause).toMatchObject({ exitCode: 2, stderr: 'and says so\n' });
  });

  test('rejects with StartTimeoutError, and ends the child, when it announces nothing in time', async () => {
    await using runner = new Runner(puppet('hangs-before-announcing.mjs'), { ...quiet, startTimeoutMs: 300 });
    const error = await errorOf(runner.run(), StartTimeoutError);
    expect(error).toMatchObject({ code: 'START_TIMEOUT', stdout: 'thinking\n', stderr: 'hard\n' });
    expect(error.message).toMatch(
      /^no run was started: the child announced none within 300 ms, and was ended\nGive it longer with startTimeoutMs/,
    );
    expect(tempFolders()).toEqual([]);
  });

  test('rejects with the reason of a signal that was aborted before', async () => {
    const signal = AbortSignal.abort(new Error('not now'));
    await expect(new Runner(puppet('exits.mjs'), { signal }).run()).rejects.toThrow('not now');
    await expect(new Runner(puppet('exits.mjs')).asyncRun({}, { signal })).rejects.toThrow('not now');
    expect(tempFolders()).toEqual([]);
  });

  test('rejects with the reason of a signal that is aborted while it starts', async () => {
    const controller = new AbortController();
    await using runner = new Runner(puppet('hangs-before-announcing.mjs'), {
      ...quiet,
      signal: controller.signal,
      env: { RACEWAY_TEST_START: 'aborted' },
    });
    const starting = runner.run();
    controller.abort(new Error('changed my mind'));
    await expect(starting).rejects.toThrow('changed my mind');
    expect(await marked({ name: 'RACEWAY_TEST_START', value: 'aborted' })).toEqual([]);
  });

  test('rejects when it has been disposed', async () => {
    const runner = new Runner(puppet('exits.mjs'), quiet);
    await runner[Symbol.asyncDispose]();
    const error = await errorOf(runner.run(), CleanedUpError);
    expect(error.message).toMatch(/^could not start a run: its runner has been disposed\n/);
  });

  test('rejects an operation that is starting when it is disposed', async () => {
    const runner = new Runner(puppet('hangs-before-announcing.mjs'), quiet);
    const starting = errorOf(runner.asyncRun(), CleanedUpError);
    await runner[Symbol.asyncDispose]();
    await starting;
    expect(tempFolders()).toEqual([]);
  });

  test('rejects with FlowStartError when the child printed more than can be read at once', async () => {
    await using runner = new Runner(puppet('prints-gigabytes-before-exiting.mjs'), quiet);
    const error = await errorOf(runner.run(), FlowStartError);
    expect(error.stdout).toMatch(/the end\n$/);
  });

  test('refuses a time limit that is none', async () => {
    await expect(new Runner(puppet('exits.mjs')).run({}, { timeoutMs: -1 })).rejects.toThrow(RangeError);
  });

  test('rejects with an error of the home when it announces one that is not there', async () => {
    const flow = join(mkdtempSync(join(tmpdir(), 'flow-')), 'flow.mjs');
    writeFileSync(
      flow,
      `import { writeFileSync } from 'node:fs';
       const file = process.argv.find((text) => text.startsWith('--runner-attribute-file=')).split('=')[1];
       writeFileSync(file, JSON.stringify({ flow_name: 'A', run_id: '1', home: '/no/such/home' }));
       setInterval(() => {}, 1000);`,
    );
    await using runner = new Runner(flow, quiet);
    expect((await errorOf(runner.run(), RacewayError)).code).toBe('HOME');
    expect(tempFolders()).toEqual([]);
  });
});

describe('Runner with reject', () => {
  test('rejects run and wait when the run does not succeed', async () => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    const error = await errorOf(runner.run({ status: 3 }, { reject: true }), RunFailedError);
    const ended = error.running;
    if (!(ended instanceof ExecutingRun)) throw new TypeError('it was a run');
    expect(ended.status).toBe('failed');
    const [first, second] = error.message.split('\n');
    expect(first).toBe(`${ended.run.pathspec} ended with status failed: its process ended with exit status 3`);
    expect(second).toBe(
      `Resume it when that is mended: ${process.execPath} ${puppet('exits.mjs')} resume --origin-run-id=${ended.run.id}`,
    );
    expect(error.message).toContain('stderr:\nerr\n\nstdout:\nout');
    expect(inspect(error)).not.toContain('running:');
    const running = await runner.asyncRun({ status: 3 }, { reject: true });
    await errorOf(running.wait(), RunFailedError);
  });

  test('resolves when the run succeeds', async () => {
    await using runner = new Runner(puppet('exits.mjs'), quiet);
    expect((await runner.run({}, { reject: true })).status).toBe('successful');
  });
});

describe('Runner.cleanup', () => {
  test('removes the files of what has ended, and leaves what runs', async () => {
    await using runner = new Runner(puppet('hangs.mjs'), quiet);
    await using others = new Runner(puppet('exits.mjs'), quiet);
    const ended = await runner.asyncRun();
    await ended.kill();
    const running = await runner.asyncRun();
    const other = await others.run();
    await runner.cleanup();
    expect(() => ended.stdout).toThrow(CleanedUpError);
    expect(running.stdout).toBe('hanging\n');
    expect(other.stdout).toBe('out\n');
  });

  test('is done by disposal, and may be done twice', async () => {
    const runner = new Runner(puppet('exits.mjs'), quiet);
    const running = await runner.run();
    await runner[Symbol.asyncDispose]();
    await runner.cleanup();
    await runner[Symbol.asyncDispose]();
    await running[Symbol.asyncDispose]();
    expect(tempFolders()).toEqual([]);
    expect(() => running.stdout).toThrow(
      'could not read stdout: the temporary files of this run have been removed\n' +
        'Read it before the handle or its runner is disposed or cleaned up; what each task printed is kept with the run.',
    );
    expect(() => running.stderr).toThrow(CleanedUpError);
    await errorOf(running.streamLog('stdout').next(), CleanedUpError);
  });
});
