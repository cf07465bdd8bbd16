import { parseArgs } from 'node:util';
import { parseDuration } from '../core/duration.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { type Flag, TOP_LEVEL_FLAGS, type TopLevelOptions } from '../core/flags.ts';
import { nearest } from '../core/nearest.ts';
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
  /** Parameters as text. */
  readonly parameters: ReadonlyMap<string, string>;
}

type OptionKind =
  | { readonly kind: 'flag'; readonly name: string; readonly flag: Flag; readonly isTopLevel: boolean }
  | { readonly kind: 'parameter' };

/**
 * Reads the arguments of a flow script; options that stand before the command may stand behind it as well. What is not
 * given comes from the environment: `RACEWAY_<FLAG>`, `RACEWAY_<COMMAND>_<FLAG>`, and for `run` `RACEWAY_RUN_<PARAMETER>`.
 *
 * @throws {InvalidOptionError} for an unknown option or command, a missing or wrong value, or words that do not belong
 */
export function parseCommandLine(
  argv: readonly string[],
  { parameterNames, environment }: { parameterNames: readonly string[]; environment: NodeJS.ProcessEnv },
): CommandLine {
  const { tokens } = parseArgs({
    args: [...argv],
    options: everyOption(parameterNames),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const words = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  const name = words.shift();
  const wantsHelp = tokens.some(({ kind, ...token }) => kind === 'option' && 'name' in token && isHelp(token.name));
  const command = name === undefined ? undefined : knownCommand(name);
  const known = knownOptions(command, parameterNames);

  const topLevel: Record<string, unknown> = {};
  const options: Record<string, unknown> = {};
  const parameters = new Map<string, string>();
  readEnvironment(environment, { command, known, topLevel, options, parameters });
  for (const token of tokens) {
    if (token.kind !== 'option' || isHelp(token.name)) continue;
    const negated = token.name.startsWith('no-') ? known.get(token.name.slice('no-'.length)) : undefined;
    const isNegated = negated?.kind === 'flag' && negated.flag.kind === 'switch';
    const option = isNegated ? negated : known.get(token.name);
    if (option === undefined) throw unknownOption(token.rawName, { command, known });
    const text = valueOf(token, { takesValue: option.kind === 'parameter' || option.flag.kind !== 'switch' });
    if (option.kind === 'parameter') parameters.set(token.name, text ?? '');
    else {
      const value = option.flag.kind === 'switch' ? !isNegated : parseFlag(option.flag, text ?? '', token.rawName);
      put(option.isTopLevel ? topLevel : options, option, value);
    }
  }
  if (command !== undefined && !wantsHelp) checkWords(command, words);
  return { command, wantsHelp, topLevel, options, words, parameters };
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
  parameterNames: readonly string[],
): ReadonlyMap<string, OptionKind> {
  const known = new Map<string, OptionKind>();
  const { flags = {}, executes = false }: Partial<Command> = command === undefined ? {} : COMMANDS[command];
  for (const name of executes ? parameterNames : []) known.set(name, { kind: 'parameter' });
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
  readonly parameters: Map<string, string>;
}

function readEnvironment(environment: NodeJS.ProcessEnv, { command, known, ...target }: Reading): void {
  for (const [name, option] of known) {
    if (option.kind === 'flag' && option.flag.hidden === true) continue;
    if (option.kind === 'parameter' && command !== 'run') continue;
    const isTopLevel = option.kind === 'flag' && option.isTopLevel;
    const isOfCommand = !isTopLevel || isFlagOf(command, name);
    const variables = [...(isTopLevel ? [[name]] : []), ...(isOfCommand ? [[command ?? '', name]] : [])].map((words) =>
      ['RACEWAY', ...words].join('_').toUpperCase().replaceAll('-', '_'),
    );
    const variable = variables.findLast((one) => (environment[one] ?? '') !== '') ?? '';
    const text = environment[variable];
    if (text === undefined || text === '') continue;
    if (option.kind === 'parameter') {
      target.parameters.set(name, text);
      continue;
    }
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
  const names = [...known].filter(([, option]) => option.kind === 'parameter' || option.flag.hidden !== true);
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
