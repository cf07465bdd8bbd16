import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { flowFolder } from '../flow-folder.ts';

const SAMPLE = `
export class Sample extends FlowSpec.with({
  seconds: parameter.integer({ default: 3, help: 'How long' }),
  learning_rate: parameter.float({ required: true }),
  model: parameter.oneOf(['small', 'large'], { default: 'small' }),
  extra: parameter.json(),
}) {
  result = 0;
  start = step(() => {
    console.log('  indented ' + this.model);
    console.error('to stderr');
    this.result = this.seconds * 2;
    this.next(this.end);
  });
  end = step();
}`;

const GOOD = ['run', '--learning_rate=0.5'];

test('a step without a run is that of the latest run, and what it threw stands behind what it printed', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec {
      count = 0;
      start = step(() => { this.count = 7; console.log('printed'); this.next(this.end); });
      end = step([retry({ times: 1 })], () => { console.log('attempt', current.retryCount); throw new TypeError('thrown'); });
    }`);
  await folder.run(['run']);
  expect((await folder.run(['dump', 'start'])).stdout).toMatch(/^count \[size: \d+ type: number\] = 7$/m);
  expect((await folder.run(['logs', 'start/1'])).stdout).toBe('printed\n');
  const last = await folder.run(['logs', 'end']);
  expect([last.stdout, last.stderr.split('\n')[0]]).toStrictEqual(['attempt 1\n', 'TypeError: thrown']);
  expect((await folder.run(['logs', 'end', '--attempt=0'])).stdout).toBe('attempt 0\n');
  expect((await folder.run(['dump', 'ned'])).stderr).toMatch(/^Error: Sample\/\d+ has no step ned\n/);
});

describe('bad input gets one clear error and a next step, with status 2', () => {
  test.each([
    [
      'an unknown option',
      [...GOOD, '--secnds=1'],
      /^Error: there is no option --secnds of run\nDid you mean --seconds\?/m,
    ],
    [
      'an unknown flag',
      [...GOOD, '--max-worker=1'],
      /^Error: there is no option --max-worker of run\nDid you mean --max-workers\?/m,
    ],
    ['an option of another command', ['show', '--seconds=1'], /^Error: there is no option --seconds of show\n/m],
    [
      'a wrong integer',
      [...GOOD, '--seconds=1.5'],
      /^Error: Parameter seconds takes an integer and was given "1.5"\n/m,
    ],
    ['a wrong choice', [...GOOD, '--model=huge'], /^Error: .*model.*"huge"\n/m],
    ['wrong JSON', [...GOOD, '--extra={'], /^Error: .*extra.*\n/m],
    ['a missing parameter', ['run'], /^Error: .*learning_rate.*\n.*--learning_rate=/m],
    [
      'an option without its value',
      [...GOOD, '--seconds'],
      /^Error: --seconds needs a value\nWrite --seconds=<value>/m,
    ],
    [
      'an option where a value should be',
      [...GOOD, '--seconds', '--quiet'],
      /^Error: --seconds needs a value\n.*--seconds=--quiet/m,
    ],
    [
      'a value for a switch',
      [...GOOD, '--quiet=yes'],
      /^Error: --quiet takes no value, and was given "yes"\nWrite --quiet or --no-quiet/m,
    ],
    [
      'too few workers',
      [...GOOD, '--max-workers=0'],
      /^Error: --max-workers cannot be "0": expected a whole number, 1 or more\n/m,
    ],
    [
      'a wrong choice of a flag',
      [...GOOD, '--isolation=box'],
      /^Error: --isolation cannot be "box": expected pool or task\n/m,
    ],
    ['an empty tag', [...GOOD, '--tag='], /^Error: a tag cannot be empty\n/m],
    ['a tag of several lines', [...GOOD, '--tag=a\nb'], /^Error: a tag cannot have control characters: "a\\nb"\n/m],
    [
      'a run-id file that cannot be written',
      [...GOOD, '--run-id-file=/proc/no/id'],
      /^Error: cannot write the run id to \/proc\/no\/id: ENOENT/m,
    ],
    ['an unknown command', ['rnu'], /^Error: there is no command "rnu"\nDid you mean run\?/m],
    ['a word too many', [...GOOD, 'now'], /^Error: run does not take "now"\n/m],
    ['a word too few', ['dump'], /^Error: dump needs <step\|run\/step\[\/task\]>\n/m],
    ['no pathspec', ['dump', '../x/y'], /^Error: .* is not a pathspec/m],
    ['an unknown tag action', ['tag', 'ad', 'x'], /^Error: there is no tag "ad"\nDid you mean add\?/m],
    [
      'a variable with a wrong value',
      GOOD,
      /^Error: RACEWAY_RUN_MAX_WORKERS cannot be "many"/m,
      { RACEWAY_RUN_MAX_WORKERS: 'many' },
    ],
  ])('%s', async (_, args, message, environment: NodeJS.ProcessEnv = {}) => {
    using folder = flowFolder(SAMPLE);
    const { status, stderr, stdout } = await folder.run(args, environment);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect({ status, stdout }).toStrictEqual({ status: 2, stdout: '' });
    expect(readdirSync(folder.path)).not.toContain('.raceway');
  });

  test('a mistake in the graph, with step and line', async () => {
    using folder = flowFolder('export class Sample extends FlowSpec {\n  start = step(() => {});\n  end = step();\n}');
    const { status, stderr } = await folder.run(['run']);
    expect(stderr).toMatch(/sample\.js:\d+: .*start/);
    expect(status).toBe(2);
    expect((await folder.run(['check'])).status).toBe(2);
  });

  test('a mistake in the graph is no obstacle for --no-lint until it is met', async () => {
    using folder = flowFolder('export class Sample extends FlowSpec {\n  start = step(() => {});\n  end = step();\n}');
    const { status, stderr } = await folder.run(['--no-lint', 'run']);
    expect(stderr).toMatch(/Step start .* failed: .*this\.next/s);
    expect(status).toBe(1);
  });
});

describe('a home that cannot be used is reported, with status 1', () => {
  test('when it was written by a newer version', async () => {
    using folder = flowFolder(SAMPLE);
    await folder.run(GOOD);
    const database = new DatabaseSync(folder.file('.raceway/raceway.db'));
    database.exec('PRAGMA user_version = 7');
    database.close();
    const { status, stderr } = await folder.run(GOOD);
    expect(stderr).toMatch(
      /^Error: cannot use the home .*\.raceway: it was written by a newer raceway .*\nUpdate raceway/m,
    );
    expect(status).toBe(1);
  });

  test('when it cannot be written to', async () => {
    using folder = flowFolder(SAMPLE);
    writeFileSync(folder.file('taken'), '');
    const { status, stderr } = await folder.run(['--home=taken/here', ...GOOD]);
    expect(stderr).toMatch(/^Error: cannot write to the home .*taken\/here: .*\nGive a folder you may write to/m);
    expect(status).toBe(1);
  });

  test('when a reader looks for one that is not there', async () => {
    using folder = flowFolder(SAMPLE);
    const { status, stderr } = await folder.run(['tag', 'list']);
    expect(stderr).toMatch(/^Error: there is no home at .*\n/m);
    expect(status).toBe(1);
  });
});

test('a run prints what Metaflow prints: the banner to stderr, the log to stdout, user lines with their indentation', async () => {
  using folder = flowFolder(SAMPLE);
  const { status, stdout, stderr } = await folder.run(GOOD);
  const normal = stdout
    .replaceAll(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} /gm, 'TIME ')
    .replaceAll(/\d{16}/g, 'RUN')
    .replaceAll(/pid \d+/g, 'pid N');
  const start = 'TIME [RUN/start/1 (pid N)]';
  expect(normal.split('\n').toSorted()).toStrictEqual(
    [
      'TIME Workflow starting (run-id RUN):',
      `${start} Task is starting.`,
      `${start}   indented small`,
      `${start} to stderr`,
      `${start} Task finished successfully.`,
      'TIME [RUN/end/2 (pid N)] Task is starting.',
      'TIME [RUN/end/2 (pid N)] Task finished successfully.',
      'TIME Done!',
      '',
    ].toSorted(),
  );
  expect(stderr).toMatch(
    /^raceway \d+\.\d+\.\d+ executing Sample for user:.*\nValidating your flow\.\.\.\n    The graph looks good!\nMade the home .*\.raceway\n$/,
  );
  expect(status).toBe(0);
});

test('--quiet keeps stderr empty and the log as it is', async () => {
  using folder = flowFolder(SAMPLE);
  const { stdout, stderr } = await folder.run(['--quiet', ...GOOD]);
  expect(stderr).toBe('');
  expect(stdout).toContain('Done!');
});

test('--log-format=json prints one event a line', async () => {
  using folder = flowFolder(SAMPLE);
  const { stdout } = await folder.run(['--log-format=json', ...GOOD]);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; time: string; lines?: string[] });
  expect(events.map(({ type }) => type).filter((type) => type !== 'task-output')).toStrictEqual([
    'run-started',
    'task-started',
    'task-succeeded',
    'task-started',
    'task-succeeded',
    'run-finished',
  ]);
  expect(events.flatMap(({ lines }) => lines ?? []).toSorted()).toStrictEqual(['  indented small', 'to stderr']);
  for (const { time } of events) expect(new Date(time).getTime()).not.toBeNaN();
});

test('options may stand before and behind the command, with "=" or a blank', async () => {
  using folder = flowFolder(SAMPLE);
  expect((await folder.run(['run', '--quiet', '--learning_rate', '-0.5', '--seconds', '-5'])).status).toBe(0);
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  expect(run?.parameters).toStrictEqual({ seconds: -5, learning_rate: -0.5, model: 'small', extra: undefined });
});

test('options and parameters come from the environment where the command line is silent', async () => {
  using folder = flowFolder(SAMPLE);
  const environment = {
    RACEWAY_QUIET: '1',
    RACEWAY_RUN_TAG: 'a b',
    RACEWAY_RUN_SECONDS: '7',
    RACEWAY_RUN_LEARNING_RATE: '0.1',
  };
  const { stderr } = await folder.run(['run', '--learning_rate=0.2'], environment);
  expect(stderr).toBe('');
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  expect(run?.parameters).toMatchObject({ seconds: 7, learning_rate: 0.2 });
  expect(run?.userTags).toStrictEqual(['a', 'b']);
});

test('a run is announced in the attribute file, and its id in the run-id file', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run([...GOOD, '--runner-attribute-file=attributes', '--run-id-file=id']);
  const attributes = JSON.parse(readFileSync(folder.file('attributes'), 'utf8')) as Record<string, unknown>;
  const id = readFileSync(folder.file('id'), 'utf8');
  expect(attributes).toStrictEqual({
    flow_name: 'Sample',
    run_id: id,
    metadata: `raceway@${folder.file('.raceway')}`,
    home: folder.file('.raceway'),
    protocol: 1,
  });
});

test('why there is no run is announced in the attribute file', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(['run', '--runner-attribute-file=attributes', '--nope=1']);
  expect(JSON.parse(readFileSync(folder.file('attributes'), 'utf8'))).toMatchObject({
    error: { code: 'INVALID_OPTION', option: 'nope', message: expect.stringContaining('--nope') },
  });
});

test('parameters come from a file when they do not fit on a command line', async () => {
  using folder = flowFolder(SAMPLE);
  writeFileSync(
    folder.file('parameters.json'),
    JSON.stringify({ learning_rate: '0.25', extra: { big: 'x'.repeat(300_000) } }),
  );
  expect((await folder.run(['run', '--parameters-file=parameters.json'])).status).toBe(0);
  await using home = await folder.home();
  const run = await home.flow('Sample').latestRun();
  expect(run?.parameters).toMatchObject({ learning_rate: 0.25, extra: { big: 'x'.repeat(300_000) } });
});

test('help names every command, flag and parameter, and is what a script prints that is given nothing', async () => {
  using folder = flowFolder(SAMPLE);
  const help = await folder.run([]);
  expect(help).toMatchObject({ status: 0, stderr: '' });
  for (const word of [
    'run',
    'resume',
    'show',
    'check',
    'describe',
    'dump',
    'logs',
    'card',
    'tag',
    '--quiet',
    '--home',
  ]) {
    expect(help.stdout).toContain(word);
  }
  const { stdout } = await folder.run(['run', '--help']);
  expect(stdout).toMatch(/--seconds=<integer> +How long \[default: 3\]/);
  expect(stdout).toMatch(/--learning_rate=<number> +\[required\]/);
  expect(stdout).toMatch(/--max-workers=<integer>/);
  expect(stdout).not.toContain('attribute-file');
});

test('show, check and describe need no run and leave nothing behind', async () => {
  using folder = flowFolder(SAMPLE);
  expect((await folder.run(['show'])).stdout).toMatch(/^Sample\n\nStep start\n {4}=> end\n\nStep end\n/);
  expect(await folder.run(['check'])).toMatchObject({ status: 0, stdout: 'The graph looks good!\n' });
  const description = JSON.parse((await folder.run(['describe', '--json'])).stdout) as Record<string, unknown>;
  expect(description).toMatchObject({
    protocol: 1,
    flow: 'Sample',
    parameters: {
      properties: { seconds: { type: 'integer', default: 3 }, model: { enum: ['small', 'large'] } },
      required: ['learning_rate'],
    },
    steps: [
      { name: 'start', transition: { kind: 'linear', steps: ['end'] }, line: expect.any(Number) },
      { name: 'end' },
    ],
  });
  expect(readdirSync(folder.path)).not.toContain('.raceway');
});

test('dump and logs show what a task left', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(GOOD);
  await using home = await folder.home();
  const id = (await home.flow('Sample').latestRun())?.id ?? '';
  expect((await folder.run(['dump', `${id}/start/1`])).stdout).toMatch(/^result \[size: \d+ type: number\] = 6$/m);
  expect((await folder.run(['dump', `Sample/${id}/end`, '--max-value-size=0'])).stdout).toMatch(
    /^result \[size: \d+ type: number\]$/m,
  );
  expect((await folder.run(['dump', `${id}/start`, '--include=rest'])).stderr).toMatch(
    /has no artifact rest\nIt has result/,
  );
  expect(await folder.run(['logs', `${id}/start`])).toMatchObject({
    stdout: '  indented small\n',
    stderr: 'to stderr\n',
  });
  expect(await folder.run(['logs', `${id}/start`, '--no-stderr', '--timestamps'])).toMatchObject({
    stdout: expect.stringMatching(/^\d{4}-.{19}  +indented small\n$/),
    stderr: '',
  });
  expect((await folder.run(['dump', `${id}/nope`])).status).toBe(1);
});

test('tag adds, removes, replaces and lists', async () => {
  using folder = flowFolder(SAMPLE);
  await folder.run(GOOD);
  expect((await folder.run(['tag', 'add', 'x', 'y'])).stdout).toMatch(/^x\ny\nuser:/);
  expect((await folder.run(['tag', 'remove', 'x'])).stdout).toMatch(/^y\nuser:/);
  expect((await folder.run(['tag', 'replace', 'y', 'z'])).stdout).toMatch(/^z\nuser:/);
  expect((await folder.run(['tag', 'list', '--run-id=1'])).status).toBe(1);
});

test('a flow that throws while it is loaded says so itself', async () => {
  using folder = flowFolder('export class Sample extends FlowSpec { end = step(); }\nthrow new Error("not today");');
  const { status, stderr } = await folder.run(['run']);
  expect(stderr).toContain('not today');
  expect(status).toBe(1);
});

test('a run whose reader leaves goes on to its end', async () => {
  using folder = flowFolder(`
    export class Sample extends FlowSpec {
      start = step(async () => {
        while (!existsSync('left')) await sleep(5);
        for (let i = 0; i < 1000; i++) console.log('line ' + i);
        this.next(this.end);
      });
      end = step();
    }`);
  const { child } = folder.start(['run']);
  const ended = once(child, 'exit');
  await once(child.stdout ?? child, 'data');
  child.stdout?.destroy();
  writeFileSync(folder.file('left'), '');
  expect(await ended).toStrictEqual([0, null]);
  await using home = await folder.home();
  const run = await home.flow('Sample').latestSuccessfulRun();
  const [, start] = await Array.fromAsync(run?.tasks() ?? []);
  expect((await start?.stdout())?.split('\n')).toHaveLength(1001);
});

test('the command that resumes can be given to a shell as it is', async () => {
  using folder = flowFolder(SAMPLE.replace('this.next(this.end)', `throw new Error('no')`));
  const { stderr } = await folder.run(['--no-lint', "--home=it's here", ...GOOD]);
  expect(stderr).toMatch(/To resume it: node sample\.js '--home=it'\\''s here' resume --origin-run-id=\d+\n/);
});
