import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RacewayError } from '../../src/core/errors.ts';
import { parseDuration } from '../../src/core/duration.ts';
import { RESUME_FLAGS, RUN_FLAGS } from '../../src/core/flags.ts';
import { parameterText } from '../../src/core/parameter-text.ts';
import { parameter } from '../../src/flow/parameter.ts';
import { parseCommandLine } from '../../src/program/command-line.ts';
import { maskArguments } from '../../src/program/mask-arguments.ts';
import { type Command, commandLine, completeCommandLine } from '../../src/runner/command-line.ts';
import { interpreterOf } from '../../src/runner/interpreter.ts';
import { foreignOptionFlags } from '../../src/runner/option-flags.ts';
import { many } from './many.ts';

/** What an argument can be: no zero byte, and no halves of characters. */
const argument = fc
  .oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '',
      '-',
      '--',
      '-rf',
      '--tag=x',
      '--help',
      '-h',
      '--no-lint',
      'run',
      '--runner-attribute-file=/etc/x',
      '=',
      'a=b',
    ),
    fc.constantFrom(
      '$(id)',
      '`id`',
      "'; rm -rf /",
      '../../x',
      '\n',
      ' ',
      '--\n',
      '"',
      '\u001B[2J',
      '\u202E',
      '%00',
      '{}',
      '@file',
    ),
  )
  .map((text) => text.toWellFormed())
  .filter((text) => !text.includes('\0'));

const word = argument.filter((text) => text !== '');

const runOptions = fc.record(
  {
    tags: fc.array(word, { maxLength: 4 }),
    maxWorkers: fc.integer({ min: 1, max: 1e9 }),
    maxNumSplits: fc.integer({ min: 1, max: 1e9 }),
    maxLogSize: fc.integer({ min: 1, max: 1e6 }),
    grace: fc.integer({ min: 0, max: 1e6 }),
    isolation: fc.constantFrom('pool', 'task'),
    timeout: fc.constantFrom(1, 2.5, '500ms', '90s', '5m', '2h', '1d'),
    with: fc.array(word, { maxLength: 3 }),
    runIdFile: word,
  },
  { requiredKeys: [] },
);

const topLevel = fc.record(
  {
    quiet: fc.boolean(),
    lint: fc.boolean(),
    home: word,
    logFormat: fc.constantFrom('text', 'json'),
    config: fc.dictionary(fc.stringMatching(/^[A-Za-z_]\w{0,6}$/), word, { maxKeys: 3 }),
    configValue: fc.dictionary(
      fc.stringMatching(/^[A-Za-z_]\w{0,6}$/),
      fc.jsonValue().filter((value) => !JSON.stringify(value).includes('\\u0000')),
      { maxKeys: 3 },
    ),
  },
  { requiredKeys: [] },
);

const OPTION_NAMES = new Set(
  [...Object.values(RUN_FLAGS), ...Object.values(RESUME_FLAGS)].flatMap(({ flag }) => [flag, `no-${flag}`]),
);
const parameterName = fc
  .oneof(
    fc.stringMatching(/^[\p{L}_$][\p{L}\p{N}_$.-]{0,10}$/u),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'no-x', 'x-', 'π'),
  )
  .filter(
    (name) =>
      !OPTION_NAMES.has(name) &&
      !/^(?:no-)?(?:quiet|lint|home|log-format|with|config|config-value|help|h|json|runner-attribute-file|parameters-file|artifacts-file|artifacts)$/.test(
        name,
      ),
  );

const parameters = fc
  .array(
    fc.tuple(
      parameterName,
      fc.oneof(argument, fc.integer(), fc.boolean(), fc.double(), fc.bigInt(), fc.array(argument)),
    ),
    { maxLength: 5 },
  )
  .map((entries) => Object.fromEntries(entries));

function argumentsOf(command: Command, given: Readonly<Record<string, unknown>>): readonly string[] {
  const flowFile = '/a flow that is not there.ts';
  const line = commandLine(command, {
    flowFile,
    interpreter: interpreterOf(flowFile, { compileCache: undefined }),
    topLevel: given,
    runnerOwn: [],
    operation: { place: `${command.name}()`, own: [] },
  });
  expect(line.inFile.parameters).toStrictEqual(Object.create(null));
  const complete = completeCommandLine(line, { attributeFile: '/attributes' });
  return complete.slice(complete.indexOf(flowFile) + 1);
}

function declared(names: readonly string[]) {
  return new Map(names.map((name) => [name, parameter.string()]));
}

test('what a Runner is given arrives in the flow script as it was, whatever it looks like', () => {
  fc.assert(
    fc.property(parameters, runOptions, topLevel, (given, options, top) => {
      const argv = argumentsOf({ name: 'run', parameters: given, options }, top);
      const parsed = parseCommandLine(argv, { parameters: declared(Object.keys(given)), environment: {} });
      expect(parsed).toMatchObject({ command: 'run', wantsHelp: false, words: [] });
      const texts = Object.entries(given).map(([name, value]) => [name, [parameterText(name, value)]]);
      expect([...parsed.parameters]).toStrictEqual(texts);
      const { timeout, ...rest } = options;
      const lists = {
        ...(rest.tags?.length === 0 && { tags: undefined }),
        ...(rest.with?.length === 0 && { with: undefined }),
      };
      const { with: withThere, ...expected } = { ...rest, ...lists };
      expect(parsed.options).toStrictEqual({
        runnerAttributeFile: '/attributes',
        ...Object.fromEntries(Object.entries(expected).filter(([, value]) => value !== undefined)),
        ...(timeout === undefined ? {} : { timeout: parseDuration(String(timeout)) }),
      });
      const configs = Object.fromEntries(Object.entries(top).filter(([, value]) => !isEmpty(value)));
      expect(parsed.topLevel).toEqual({
        ...JSON.parse(JSON.stringify(configs)),
        ...(withThere === undefined ? {} : { with: withThere }),
      });
    }),
    many(300),
  );
});

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}

test('no value of a parameter becomes an option, a word or another parameter', () => {
  fc.assert(
    fc.property(parameterName, parameterName, argument, (name, other, value) => {
      const argv = argumentsOf({ name: 'run', parameters: { [name]: value }, options: {} }, {});
      const parsed = parseCommandLine(argv, { parameters: declared([name, other]), environment: {} });
      expect([...parsed.parameters]).toStrictEqual([[name, [value]]]);
      expect(parsed.options).toStrictEqual({ runnerAttributeFile: '/attributes' });
      expect(argv).toHaveLength(3);
    }),
    many(300),
  );
});

test('a step to rerun, a pathspec to spin and a name are refused when they could be something else', () => {
  const command = (given: string): readonly Command[] => [
    { name: 'resume', stepToRerun: given, parameters: {}, options: {} },
    { name: 'spin', pathspec: given, artifacts: {}, parameters: {}, options: {} },
  ];
  fc.assert(
    fc.property(argument, (given) => {
      for (const one of command(given)) {
        let argv: readonly string[];
        try {
          argv = argumentsOf(one, {});
        } catch (error) {
          expect(error).toBeInstanceOf(RacewayError);
          continue;
        }
        const parsed = parseCommandLine(argv, { parameters: declared([]), environment: {} });
        expect(parsed.words).toStrictEqual([given]);
        expect(parsed.options).toStrictEqual({ runnerAttributeFile: '/attributes' });
      }
    }),
    many(300),
  );
});

test('any arguments at all are read, or refused with a clear error, and no secret value stays in what is recorded', () => {
  const secret = new Map([['token', parameter.string({ secret: true })]]);
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(argument, fc.constantFrom('run', 'resume', '--token', '--tag', '--config', '--config-value=a={')),
      ),
      (argv) => {
        try {
          const parsed = parseCommandLine(argv, { parameters: secret, environment: {} });
          const masked = maskArguments(argv, secret).join('\n');
          for (const text of parsed.parameters.get('token') ?? [])
            if (text.length > 12) expect(masked).not.toContain(text);
        } catch (error) {
          expect(error).toBeInstanceOf(RacewayError);
        }
      },
    ),
    many(500),
  );
});

test('any environment at all is read, or refused with a clear error', () => {
  const name = fc.constantFrom(
    'RACEWAY_HOME',
    'RACEWAY_RUN_TAG',
    'RACEWAY_RUN_MAX_WORKERS',
    'RACEWAY_CONFIG',
    'RACEWAY_CONFIG_VALUE',
    'RACEWAY_RUN_TOKEN',
    'RACEWAY_LINT',
    'RACEWAY_RUN_TIMEOUT',
  );
  fc.assert(
    fc.property(fc.dictionary(name, argument), (environment) => {
      try {
        const parsed = parseCommandLine(['run'], { parameters: declared(['token']), environment });
        expect(parsed.parameterVariables.get('token')).toBe(
          environment['RACEWAY_RUN_TOKEN'] === '' ? undefined : environment['RACEWAY_RUN_TOKEN'],
        );
      } catch (error) {
        expect(error).toBeInstanceOf(RacewayError);
      }
    }),
    many(300),
  );
});

describe('a program that is no flow script of raceway', () => {
  test('is given each option as one argument, or two for a config', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.stringMatching(/^[a-z][A-Za-z]{0,8}$/), fc.constantFrom('constructor', 'toString')),
        fc.oneof(word, fc.boolean(), fc.integer()),
        (name, value) => {
          fc.pre(name !== 'config');
          const flags = foreignOptionFlags({ [name]: value });
          expect(flags).toHaveLength(1);
          expect(flags[0]).toMatch(/^--[a-z-]+(=|$)/);
        },
      ),
      many(200),
    );
  });

  test.each(['with=evil --x', 'a b', '-x', '', 'a\nb'])('is given no option called %j', (name) => {
    expect(() => foreignOptionFlags({ [name]: 'x' })).toThrow(RacewayError);
  });
});
