import { parseArgs } from 'node:util';
import { parseDuration } from '../core/duration.ts';
import { environmentVariable } from '../core/environment-variable.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { type Flag, TOP_LEVEL_FLAGS, type TopLevelOptions } from '../core/flags.ts';
import { nearest } from '../core/nearest.ts';
import type { DeclaredParameters } from '../flow/declared-parameters.ts';
import type { Parameter } from '../flow/parameter.ts';
import { type Command, type CommandName, COMMANDS } from './commands.ts';

/** What a flow script was asked to do. */
export interface CommandLine {
  readonly command: CommandName | undefined;
  readonly wantsHelp: boolean;
  readonly topLevel: TopLevelOptions;
  /** The command's own options, by their name in the table; of the type the table says. */
  readonly options: Readonly<Record<string, unknown>>;
  /** The words after the command. */
  readonly words: readonly string[];
  /** Parameters as text, as often as each was given on the command line. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
  /** Parameters that the environment gives. */
  readonly parameterVariables: ReadonlyMap<string, string>;
}

type OptionKind =
  | { readonly kind: 'flag'; readonly name: string; readonly flag: Flag; readonly isTopLevel: boolean }
  | { readonly kind: 'parameter'; readonly parameter: Parameter };

/**
 * Reads the arguments of a flow script; options that stand before the command may stand behind it as well. What is not
 * given comes from the environment: `RACEWAY_<FLAG>`, `RACEWAY_<COMMAND>_<FLAG>`, and for `run` `RACEWAY_RUN_<PARAMETER>`.
 * Secret parameters come from there for `resume` as well, as `RACEWAY_RESUME_<PARAMETER>` or as for `run`, and for
 * `spin`, as `RACEWAY_SPIN_<PARAMETER>` or as for those two.
 *
 * @throws {InvalidOptionError} for an unknown option or command, a missing or wrong value, or words that do not belong
 */
export function parseCommandLine(
  argv: readonly string[],
  { parameters: declared, environment }: { parameters: DeclaredParameters; environment: NodeJS.ProcessEnv },
): CommandLine {
  const parsed = parseArgs({
    args: [...argv],
    options: everyOption([...declared.keys()]),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const tokens = joinNamed(parsed.tokens);
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const name = words.shift();
  const wantsHelp = tokens.some(({ kind, ...token }) => kind === 'option' && 'name' in token && isHelp(token.name));
  const command = name === undefined ? undefined : knownCommand(name);
  const known = knownOptions(command, declared);

  const topLevel: Record<string, unknown> = {};
  const options: Record<string, unknown> = {};
  const configs: Record<string, unknown> = {};
  const parameters = new Map<string, string[]>();
  const parameterVariables = new Map<string, string>();
  readEnvironment(environment, { command, known, topLevel, options, parameterVariables });
  for (const token of tokens) {
    if (token.kind !== 'option' || isHelp(token.name)) continue;
    const negated = token.name.startsWith('no-') ? known.get(token.name.slice('no-'.length)) : undefined;
    const isNegated = negated?.kind === 'flag' && negated.flag.kind === 'switch';
    const option = isNegated ? negated : known.get(token.name);
    if (option === undefined) throw unknownOption(token.rawName, { command, known });
    const text = valueOf(token, { takesValue: option.kind === 'parameter' || option.flag.kind !== 'switch' });
    if (option.kind === 'parameter') parameters.set(token.name, [...(parameters.get(token.name) ?? []), text ?? '']);
    else if (isNamed(option.flag)) put(configs, option, parseFlag(option.flag, text ?? '', token.rawName));
    else {
      const value = option.flag.kind === 'switch' ? !isNegated : parseFlag(option.flag, text ?? '', token.rawName);
      put(option.isTopLevel ? topLevel : options, option, value);
    }
  }
  overrideConfigs(topLevel, configs);
  if (command !== undefined && !wantsHelp) checkWords(command, words);
  return { command, wantsHelp, topLevel, options, words, parameters, parameterVariables };
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];

/** `--config name path` is `--config=name=path`. */
function joinNamed(tokens: readonly Token[]): readonly Token[] {
  const joined: Token[] = [];
  for (const token of tokens) {
    const before = joined.at(-1);
    const isName =
      before?.kind === 'option' &&
      NAMED_FLAGS.has(before.name) &&
      before.inlineValue === false &&
      !before.value.includes('=');
    if (isName && token.kind === 'positional') {
      joined.pop();
      joined.push({ ...before, value: `${before.value}=${token.value}`, inlineValue: true });
    } else joined.push(token);
  }
  return joined;
}

function isNamed({ kind }: Flag): boolean {
  return kind === 'named-path' || kind === 'named-json';
}

const NAMED_FLAGS: ReadonlySet<string> = new Set(
  Object.values<Flag>(TOP_LEVEL_FLAGS)
    .filter(isNamed)
    .map(({ flag }) => flag),
);

/** What the command line says of a config counts, whether the environment has a file for it or a value. */
function overrideConfigs(topLevel: Record<string, unknown>, given: Readonly<Record<string, unknown>>): void {
  const names = new Set(Object.values(given).flatMap((named) => Object.keys(named as object)));
  for (const option of new Set([...Object.keys(topLevel), ...Object.keys(given)])) {
    const flag = TOP_LEVEL_FLAGS[option as keyof TopLevelOptions];
    if (!isNamed(flag)) continue;
    const kept = Object.entries(topLevel[option] ?? {}).filter(([name]) => !names.has(name));
    topLevel[option] = Object.fromEntries([...kept, ...Object.entries(given[option] ?? {})]);
  }
}

function isHelp(name: string): boolean {
  return name === 'help' || name === 'h';
}

function knownCommand(name: string): CommandName {
  if (Object.hasOwn(COMMANDS, name)) return name as CommandName;
  const names = Object.keys(COMMANDS);
  throw new InvalidOptionError(
    { option: name, expected: names.join(', '), received: name },
    `there is no command ${JSON.stringify(name)}`,
    advice(nearest(name, names), `The commands are ${names.join(', ')}; see --help.`),
  );
}

/** Which options take a value has to be known before it is known which command they belong to. */
function everyOption(
  parameterNames: readonly string[],
): Record<string, { type: 'string' | 'boolean'; multiple: true }> {
  const commands: readonly Command[] = Object.values(COMMANDS);
  const flags = [TOP_LEVEL_FLAGS, ...commands.map((command) => command.flags)].flatMap((table) =>
    Object.values<Flag>(table),
  );
  return Object.fromEntries([
    ...flags.map(({ flag, kind }) => [flag, { type: kind === 'switch' ? 'boolean' : 'string', multiple: true }]),
    ...parameterNames.map((name) => [name, { type: 'string', multiple: true }]),
  ]) as Record<string, { type: 'string' | 'boolean'; multiple: true }>;
}

function knownOptions(
  command: CommandName | undefined,
  parameters: DeclaredParameters,
): ReadonlyMap<string, OptionKind> {
  const known = new Map<string, OptionKind>();
  const { flags = {}, executes = false }: Partial<Command> = command === undefined ? {} : COMMANDS[command];
  for (const [name, parameter] of executes ? parameters : []) known.set(name, { kind: 'parameter', parameter });
  for (const [name, flag] of Object.entries(flags))
    known.set(flag.flag, { kind: 'flag', name, flag, isTopLevel: false });
  for (const [name, flag] of Object.entries<Flag>(TOP_LEVEL_FLAGS)) {
    known.set(flag.flag, { kind: 'flag', name, flag, isTopLevel: true });
  }
  return known;
}

interface Reading {
  readonly command: CommandName | undefined;
  readonly known: ReadonlyMap<string, OptionKind>;
  readonly topLevel: Record<string, unknown>;
  readonly options: Record<string, unknown>;
  readonly parameterVariables: Map<string, string>;
}

function readEnvironment(environment: NodeJS.ProcessEnv, { command, known, ...target }: Reading): void {
  // On a resume and a spin, what the origin run kept is not to be replaced by what happens to be in the environment.
  for (const [name, option] of known) {
    if (option.kind === 'flag' && option.flag.hidden === true) continue;
    if (option.kind === 'parameter') {
      const commands = command === 'run' ? ['run'] : option.parameter.secret ? [command ?? '', 'resume', 'run'] : []; // no run has kept it
      const text = commands
        .map((one) => environment[environmentVariable(one, name)])
        .find((one) => one !== undefined && one !== '');
      if (text !== undefined) target.parameterVariables.set(name, text);
      continue;
    }
    const { isTopLevel } = option;
    if ((command === 'resume' || command === 'spin') && isNamed(option.flag)) continue;
    const isOfCommand = !isTopLevel || isFlagOf(command, name);
    const variables = [
      ...(isTopLevel ? [environmentVariable(name)] : []),
      ...(isOfCommand ? [environmentVariable(command ?? '', name)] : []),
    ];
    const variable = variables.findLast((one) => (environment[one] ?? '') !== '') ?? '';
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    const values = option.flag.many === true ? text.split(/\s+/).filter((part) => part !== '') : [text];
    for (const value of values) {
      put(isTopLevel ? target.topLevel : target.options, option, parseFlag(option.flag, value, variable));
    }
  }
}

function isFlagOf(command: CommandName | undefined, name: string): boolean {
  const { flags = {} }: Partial<Command> = command === undefined ? {} : COMMANDS[command];
  return Object.values(flags).some(({ flag }) => flag === name);
}

/** The command line wins over the environment, and there the last of several over the others. */
function put(target: Record<string, unknown>, option: { name: string; flag: Flag }, value: unknown): void {
  const before = target[option.name];
  if (isNamed(option.flag)) {
    target[option.name] = { ...(before as object | undefined), ...(value as object) };
    return;
  }
  target[option.name] =
    option.flag.many === true ? [...(Array.isArray(before) ? (before as unknown[]) : []), value] : value;
}

function valueOf(
  token: { readonly rawName: string; readonly value?: string | undefined; readonly inlineValue?: boolean | undefined },
  { takesValue }: { takesValue: boolean },
): string | undefined {
  const { rawName, value, inlineValue } = token;
  if (!takesValue) {
    if (inlineValue !== true) return undefined;
    throw new InvalidOptionError(
      { option: rawName, expected: 'no value', received: value },
      `${rawName} takes no value, and was given ${JSON.stringify(value)}`,
      `Write ${rawName} or ${rawName.replace('--', '--no-')}.`,
    );
  }
  if (value !== undefined && (inlineValue === true || !value.startsWith('--'))) return value;
  throw new InvalidOptionError(
    { option: rawName, expected: 'a value' },
    `${rawName} needs a value`,
    `Write ${rawName}=<value>${value === undefined ? '' : `; if ${value} is the value, ${rawName}=${value}`}.`,
  );
}

/** The value of a flag from text, checked. */
function parseFlag(flag: Flag, text: string, source: string): unknown {
  switch (flag.kind) {
    case 'switch':
      if (/^(1|true|yes|on)$/i.test(text)) return true;
      if (/^(0|false|no|off)$/i.test(text)) return false;
      throw wrongValue(source, { expected: 'true or false', received: text });
    case 'integer':
    case 'number': {
      const number = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
      const isRight = Number.isFinite(number) && (flag.kind === 'number' || Number.isSafeInteger(number));
      if (isRight && number >= (flag.minimum ?? -Infinity)) return number;
      const kind = flag.kind === 'integer' ? 'a whole number' : 'a number';
      throw wrongValue(source, {
        expected: flag.minimum === undefined ? kind : `${kind}, ${flag.minimum} or more`,
        received: text,
      });
    }
    case 'duration': {
      const durationMs = parseDuration(text);
      if (durationMs !== undefined && durationMs > 0) return durationMs;
      throw wrongValue(source, { expected: 'a time span such as 90s, 5m or 2h', received: text });
    }
    case 'choice':
      if (flag.choices?.includes(text) === true) return text;
      throw wrongValue(source, { expected: (flag.choices ?? []).join(' or '), received: text });
    case 'string':
    case 'path':
      return text;
    case 'named-path':
    case 'named-json':
      return parseNamed(flag.kind, text, source);
  }
}

/** `name=path` or `name=json`; or all names in one JSON object, which the environment has no other way to say. */
function parseNamed(kind: 'named-path' | 'named-json', text: string, source: string): Record<string, unknown> {
  const form = kind === 'named-path' ? '<name>=<path>' : '<name>=<json>';
  if (text.trimStart().startsWith('{')) {
    const named = parseJson(text, source, { of: 'what it was given' }) as Record<string, unknown>;
    const wrong = Object.entries(named).find(([, value]) => kind === 'named-path' && typeof value !== 'string');
    if (wrong === undefined) return named;
    throw wrongValue(source, { expected: 'paths by name', received: text });
  }
  const [, name, value = ''] = /^([^=]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined) {
    throw new InvalidOptionError(
      { option: source, expected: form, received: text },
      `${source} takes ${form} and was given ${JSON.stringify(text)}`,
      `Write ${source}=${/^\w+$/.test(text) ? form.replace('<name>', text) : form}.`,
    );
  }
  return { [name]: kind === 'named-path' ? value : parseJson(value, source, { of: name }) };
}

function parseJson(text: string, source: string, { of: what }: { of: string }): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as SyntaxError;
    throw new InvalidOptionError(
      { option: source, expected: 'JSON', received: text },
      `${source} takes JSON, and ${what} is none: ${message}`,
      `Write it as ${source}=<name>='{"depth": 3}'; a string needs its double quotes.`,
      { cause },
    );
  }
}

function wrongValue(
  option: string,
  { expected, received }: { expected: string; received: string },
): InvalidOptionError {
  return new InvalidOptionError(
    { option, expected, received },
    `${option} cannot be ${JSON.stringify(received)}: expected ${expected}`,
    'Give another value, or leave the option out.',
  );
}

function unknownOption(
  rawName: string,
  { command, known }: { command: CommandName | undefined; known: ReadonlyMap<string, OptionKind> },
): InvalidOptionError {
  const names = [...known].filter(([, option]) => !(option.kind === 'flag' ? option.flag : option.parameter).hidden);
  const flags = names.map(([name]) => `--${name}`);
  const parameters = names.filter(([, { kind }]) => kind === 'parameter').map(([name]) => `--${name}`);
  const has =
    parameters.length === 0 ? `The options are ${flags.join(', ')}` : `The parameters are ${parameters.join(', ')}`;
  const place = command === undefined ? 'before the command' : `of ${command}`;
  return new InvalidOptionError(
    { option: rawName.replace(/^--?/, ''), expected: flags.join(', '), received: rawName },
    `there is no option ${rawName} ${place}`,
    advice(nearest(rawName, flags), `${has}; see ${command ?? ''} --help for the options.`.replace('see  ', 'see ')),
  );
}

function checkWords(command: CommandName, words: readonly string[]): void {
  const { minWords, maxWords, words: form }: Command = COMMANDS[command];
  if (words.length >= minWords && words.length <= maxWords) return;
  const surplus = words[maxWords];
  throw new InvalidOptionError(
    { option: command, expected: form, received: words.join(' ') },
    surplus === undefined ? `${command} needs ${form}` : `${command} does not take ${JSON.stringify(surplus)}`,
    `Write ${command}${form === '' ? '' : ` ${form}`}; a parameter is given as --name=value.`,
  );
}

function advice(meant: string | undefined, otherwise: string): string {
  return meant === undefined ? otherwise : `Did you mean ${meant}? ${otherwise}`;
}
