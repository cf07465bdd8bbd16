import { describe, expect, test } from 'vitest';
import { InvalidOptionError } from '../../src/core/errors.ts';
import { type Command, commandLine, completeCommandLine } from '../../src/runner/command-line.ts';
import { interpreterOf } from '../../src/runner/interpreter.ts';

const runnerOwn = ['showOutput'];

/** The arguments after the flow file. */
function argumentsOf(
  command: Partial<Command> & Pick<Command, 'name'>,
  { flowFile = '/flow.ts', topLevel = {} }: { flowFile?: string; topLevel?: Record<string, unknown> } = {},
): string[] {
  const interpreter = interpreterOf(flowFile, { compileCache: '/cache' });
  const full = { parameters: {}, options: {}, stepToRerun: undefined, ...command } as Command;
  const line = commandLine(full, {
    flowFile,
    interpreter,
    topLevel,
    runnerOwn,
    operation: { place: `${full.name}()`, own: ['timeoutMs'] },
  });
  const complete = completeCommandLine(line, { attributeFile: '/attributes', parametersFile: undefined });
  return complete.slice(complete.indexOf(flowFile) + 1);
}

/** What `commandLine` throws. */
function errorOf(run: () => unknown): InvalidOptionError {
  try {
    run();
  } catch (error) {
    if (error instanceof InvalidOptionError) return error;
    throw error;
  }
  return expect.fail('nothing was thrown');
}

describe('commandLine', () => {
  test('puts top-level flags before the command, and options before parameters', () => {
    const command = { name: 'run', parameters: { seconds: 5 }, options: { maxWorkers: 2 } } as const;
    expect(argumentsOf(command, { topLevel: { quiet: true, home: 'h' } })).toEqual([
      '--quiet',
      '--home=h',
      'run',
      '--runner-attribute-file=/attributes',
      '--max-workers=2',
      '--seconds=5',
    ]);
  });

  test('puts the step to rerun behind resume', () => {
    const command = { name: 'resume', stepToRerun: 'train', options: { originRunId: '17', dryRun: true } } as const;
    expect(argumentsOf(command)).toEqual([
      'resume',
      'train',
      '--runner-attribute-file=/attributes',
      '--origin-run-id=17',
      '--dry-run',
    ]);
  });

  test.each([
    [{ tags: ['a', 'b c'] }, ['--tag=a', '--tag=b c']],
    [{ tags: [] }, []],
    [{ maxLogSize: 0.5 }, ['--max-log-size=0.5']],
    [{ grace: 0 }, ['--grace=0']],
    [{ isolation: 'task' }, ['--isolation=task']],
    [{ runIdFile: 'id.txt' }, ['--run-id-file=id.txt']],
    [{ maxWorkers: undefined }, []],
  ])('turns the options %j into %j', (options, flags) => {
    expect(argumentsOf({ name: 'run', options }).slice(2)).toEqual(flags);
  });

  test('turns false into --no-', () => {
    expect(argumentsOf({ name: 'run' }, { topLevel: { lint: false, quiet: false } }).slice(0, 2)).toEqual([
      '--no-lint',
      '--no-quiet',
    ]);
  });

  test('gives each config its flag, by name', () => {
    const topLevel = { config: { model: 'a=b.json' }, configValue: { limits: { rows: [1] }, none: undefined } };
    expect(argumentsOf({ name: 'run' }, { topLevel }).slice(0, 2)).toEqual([
      '--config=model=a=b.json',
      '--config-value=limits={"rows":[1]}',
    ]);
    expect(argumentsOf({ name: 'run' }, { topLevel: { config: { model: 'm.json' } }, flowFile: '/flow.py' })).toEqual(
      expect.arrayContaining(['--config', 'model', 'm.json']),
    );
  });

  test.each([
    [{ config: 'model.json' }, 'config', 'an object of paths, by the name of the config'],
    [{ config: { model: 3 } }, 'config.model', 'a path, as a string'],
    [{ config: { 'a=b': 'x' } }, 'config.a=b', 'the name of a config'],
    [{ configValue: { model: 1n } }, 'configValue.model', 'something that can be written as JSON'],
  ])('refuses the configs %o', (topLevel, option, expected) => {
    expect(errorOf(() => argumentsOf({ name: 'run' }, { topLevel }))).toMatchObject({ option, expected });
  });

  test.each([
    [{ learning_rate: 0.5 }, '--learning_rate=0.5'],
    [{ debug: true }, '--debug=true'],
    [{ debug: false }, '--debug=false'],
    [{ seconds: -5 }, '--seconds=-5'],
    [{ text: '' }, '--text='],
    [{ text: '$(rm -rf /) "q"\n; é' }, '--text=$(rm -rf /) "q"\n; é'],
    [{ rate: NaN }, '--rate=NaN'],
    [{ nothing: null }, '--nothing=null'],
    [{ model: { depth: 3, names: ['a'] } }, '--model={"depth":3,"names":["a"]}'],
    [{ rows: [1, 2] }, '--rows=[1,2]'],
    [{ at: new Date(0) }, '--at=1970-01-01T00:00:00.000Z'],
    [{ from: new URL('file:///x') }, '--from=file:///x'],
  ])('turns the parameter %j into one argument', (parameters, argument) => {
    expect(argumentsOf({ name: 'run', parameters }).slice(2)).toEqual([argument]);
  });

  test('writes a bigint in digits', () => {
    const parameters = { big: 12345678901234567890n };
    expect(argumentsOf({ name: 'run', parameters }).slice(2)).toEqual(['--big=12345678901234567890']);
  });

  test('gives nothing for a parameter that is undefined', () => {
    expect(argumentsOf({ name: 'run', parameters: { seconds: undefined } }).slice(2)).toEqual([]);
  });

  test('repeats the flag of a foreign flow for each value of an array', () => {
    expect(argumentsOf({ name: 'run', parameters: { ids: [1, 2] } }, { flowFile: '/flow.py' }).slice(2)).toEqual([
      '--ids=1',
      '--ids=2',
    ]);
  });

  test('maps the options of a foreign flow by the same rule and leaves the judging to it', () => {
    const command = { name: 'run', options: { tags: ['a'], maxWorkers: 1, userNamespace: '' } } as const;
    const topLevel = { pylint: false, quiet: true, decospecs: ['retry', 'timeout:seconds=5'] };
    expect(argumentsOf(command, { flowFile: '/flow.py', topLevel })).toEqual([
      '--no-pylint',
      '--quiet',
      '--with=retry',
      '--with=timeout:seconds=5',
      'run',
      '--runner-attribute-file=/attributes',
      '--tag=a',
      '--max-workers=1',
      '--namespace=',
    ]);
  });

  test('names the nearest option when one is unknown', () => {
    const error = errorOf(() => argumentsOf({ name: 'run', options: { maxWorker: 1 } }));
    expect(error.option).toBe('maxWorker');
    expect(error.message).toBe(
      'run() has no option "maxWorker"\n' +
        'Did you mean maxWorkers? The options are: grace, isolation, maxLogSize, maxNumSplits, maxWorkers, runIdFile, tags, timeoutMs.',
    );
  });

  test('lists the options when none is near the unknown one', () => {
    const error = errorOf(() => argumentsOf({ name: 'run' }, { topLevel: { verbose: true } }));
    expect(error.message).toBe(
      'new Runner() has no option "verbose"\nThe options are: config, configValue, home, lint, logFormat, quiet, showOutput.',
    );
  });

  test('does not take a name of every object for an option', () => {
    expect(errorOf(() => argumentsOf({ name: 'run', options: { toString: 'x' } })).option).toBe('toString');
  });

  test.each([
    [{ maxWorkers: 0 }, 'an integer of 1 or more', '0'],
    [{ maxWorkers: 1.5 }, 'an integer of 1 or more', '1.5'],
    [{ maxWorkers: '4' }, 'an integer of 1 or more', '"4"'],
    [{ tags: 'a' }, 'an array, each a string', '"a"'],
    [{ tags: [1] }, 'a string', '1'],
    [{ isolation: 'box' }, "one of 'pool', 'task'", '"box"'],
    [{ grace: -1 }, 'a number of 0 or more', '-1'],
    [{ runIdFile: 7 }, 'a path, as a string', '7'],
    [{ runIdFile: 'a\0b' }, 'text without a zero byte', '"a\\u0000b"'],
  ])('refuses %j', (options, expected, received) => {
    const error = errorOf(() => argumentsOf({ name: 'run', options }));
    const [name = ''] = Object.keys(options);
    expect(error).toMatchObject({ option: name, expected, received });
    expect(error.message).toBe(
      `the option ${name} must be ${expected}, and was ${received}\nGive ${name} as ${expected}, or leave it out.`,
    );
  });

  test('refuses a switch that is not true or false', () => {
    expect(errorOf(() => argumentsOf({ name: 'run' }, { topLevel: { quiet: 'yes' } })).expected).toBe('true or false');
  });

  test('refuses an option among the parameters, where it would be taken for one', () => {
    expect(errorOf(() => argumentsOf({ name: 'run', parameters: { quiet: 'x' } })).message).toBe(
      'quiet is no parameter: no flow can have one of that name, since it is an option\nGive it as quiet to new Runner().',
    );
    expect(errorOf(() => argumentsOf({ name: 'run', parameters: { tag: 'x' } })).message).toContain(
      'Give it as tags to the options of run().',
    );
  });

  test.each(['help', 'h'])('refuses the parameter %s, which would ask for help', (name) => {
    expect(errorOf(() => argumentsOf({ name: 'run', parameters: { [name]: 'x' } })).message).toMatch(
      `${name} is no parameter: no flow can have one of that name, since it asks for help\nGive the parameter another`,
    );
  });

  test('leaves it to a foreign flow what its help is', () => {
    const parameters = { help: 'x' };
    expect(argumentsOf({ name: 'run', parameters }, { flowFile: '/flow.py' }).at(-1)).toBe('--help=x');
  });

  test.each(['', '-x', '--home=/x', 'a=b', 'a b'])('refuses %j as the name of a parameter', (name) => {
    expect(errorOf(() => argumentsOf({ name: 'run', parameters: { [name]: 1 } })).option).toBe(name);
  });

  test('refuses a parameter that cannot be written down', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    for (const value of [circle, () => {}, Symbol('x')]) {
      expect(errorOf(() => argumentsOf({ name: 'run', parameters: { value } })).option).toBe('value');
    }
  });

  test('refuses a step to rerun that looks like an option', () => {
    expect(errorOf(() => argumentsOf({ name: 'resume', stepToRerun: '--home=x' })).option).toBe('stepToRerun');
  });

  test('refuses a zero byte where it would end an argument', () => {
    const expected = 'text without a zero byte';
    const zero = 'a\0b';
    expect(errorOf(() => argumentsOf({ name: 'resume', stepToRerun: zero })).expected).toBe(expected);
    const parameters = { zero };
    const error = errorOf(() => argumentsOf({ name: 'run', parameters }, { flowFile: '/flow.py' }));
    expect(error).toMatchObject({ option: 'zero', expected });
  });

  test('refuses a value that a foreign flow could not be given', () => {
    const parameters = { text: 'x'.repeat(200_000) };
    const error = errorOf(() => argumentsOf({ name: 'run', parameters }, { flowFile: '/flow.py' }));
    expect(error.message).toBe(
      'the parameter text does not fit on a command line: it has 200008 bytes\n' +
        'Write it to a file and give the flow the path of that file.',
    );
  });
});

describe('interpreterOf', () => {
  test.each(['a.ts', 'a.mts', 'a.js', 'a.mjs', 'a.cjs', 'a.TS'])('runs %s on this Node', (file) => {
    expect(interpreterOf(file, { compileCache: '' })).toMatchObject({ kind: 'native', prefix: [process.execPath] });
  });

  test('runs .py on python3 and anything else itself', () => {
    expect(interpreterOf('a.py', { compileCache: '' })).toMatchObject({ kind: 'foreign', prefix: ['python3'] });
    expect(interpreterOf('a.d/flow', { compileCache: '' })).toMatchObject({ kind: 'foreign', prefix: [] });
  });

  test('takes the given program instead', () => {
    expect(interpreterOf('a.ts', { prefix: ['bun', 'run'], compileCache: '' }).prefix).toEqual(['bun', 'run']);
  });
});
