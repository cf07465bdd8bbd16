import { parseDuration } from '../core/duration.ts';
import { InvalidOptionError } from '../core/errors.ts';
import type { Flag } from '../core/flags.ts';
import { invalid } from '../core/invalid.ts';
import { nearest } from '../core/nearest.ts';

/** Options as a caller gave them. */
export type Options = Readonly<Record<string, unknown>>;

/**
 * Turns options into flags by the table of the flow protocol. `undefined` gives nothing.
 *
 * @param place what the options belong to, for messages: `run()`
 * @throws {InvalidOptionError} when an option is not in the table, or its value is of the wrong type
 *
 * @example
 * optionFlags({ tags: ['a', 'b'], maxWorkers: 4 }, RUN_FLAGS, 'run()'); // ['--tag=a', '--tag=b', '--max-workers=4']
 */
export function optionFlags(
  options: Options,
  table: Readonly<Record<string, Flag>>,
  { place, others }: { place: string; others: readonly string[] },
): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const flag = findFlag(name, table);
    if (flag === undefined) throw unknownOption(name, [...Object.keys(table), ...others], place);
    return flagArguments(name, value, flag);
  });
}

/**
 * The same for a program whose options are not known here: `noPylint` and `pylint: false` both become `--no-pylint`, an
 * array repeats the flag. Names that Metaflow's Runner gives to flags of another name are understood.
 *
 * @throws {InvalidOptionError} when a value cannot be written on a command line
 *
 * @example
 * foreignOptionFlags({ pylint: false, decospecs: ['retry'] }); // ['--no-pylint', '--with=retry']
 */
export function foreignOptionFlags(options: Options): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined) return [];
    // A name with more in it would be another option than the one it looks like.
    if (!/^[A-Za-z][\w-]*$/.test(name))
      throw invalid(name, 'an option with a name of letters, digits, "_" and "-"', value);
    const flag = FOREIGN_FLAGS.get(name) ?? kebabCase(name);
    // Metaflow takes the name and what it stands for as two words.
    if ((name === 'config' || name === 'configValue') && isRecord(value)) {
      return Object.entries(value).flatMap(([key, one]) => [`--${flag}`, key, foreignText(`${name}.${key}`, one)]);
    }
    if (typeof value === 'boolean') return [value ? `--${flag}` : `--no-${flag}`];
    return (Array.isArray(value) ? value : [value]).map((one: unknown) => `--${flag}=${foreignText(name, one)}`);
  });
}

const FOREIGN_FLAGS: ReadonlyMap<string, string> = new Map([
  ['tags', 'tag'],
  ['decospecs', 'with'],
  ['userNamespace', 'namespace'],
]);

function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`).replaceAll('_', '-');
}

function foreignText(name: string, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return refuseZeroByte(name, value);
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      return refuseZeroByte(name, JSON.stringify(value));
    default:
      throw invalid(name, 'a string, a number, a boolean, or an array of them', value);
  }
}

function findFlag(name: string, table: Readonly<Record<string, Flag>>): Flag | undefined {
  const own = name === 'decospecs' ? 'with' : name; // Metaflow's name for it
  return Object.hasOwn(table, own) ? table[own] : undefined;
}

function flagArguments(name: string, value: unknown, flag: Flag): string[] {
  if (flag.kind === 'switch') {
    if (typeof value !== 'boolean') throw invalid(name, 'true or false', value);
    return [value ? `--${flag.flag}` : `--no-${flag.flag}`];
  }
  if (flag.kind === 'named-path' || flag.kind === 'named-json') {
    if (!isRecord(value)) throw invalid(name, expectation(flag), value);
    return Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([key, one]) => `--${flag.flag}=${namedText(`${name}.${key}`, { key, value: one, flag })}`);
  }
  if (flag.many === true) {
    if (!Array.isArray(value)) throw invalid(name, `an array, each ${expectation(flag)}`, value);
    return value.map((one: unknown) => `--${flag.flag}=${flagText(name, one, flag)}`);
  }
  return [`--${flag.flag}=${flagText(name, value, flag)}`];
}

function isRecord(value: unknown): value is Options {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function namedText(name: string, { key, value, flag }: { key: string; value: unknown; flag: Flag }): string {
  if (!/^[A-Za-z_]\w*$/.test(key)) throw invalid(name, 'the name of a config', key);
  if (flag.kind === 'named-json') return refuseZeroByte(name, `${key}=${jsonText(name, value)}`);
  if (typeof value !== 'string') throw invalid(name, 'a path, as a string', value);
  return refuseZeroByte(name, `${key}=${value}`);
}

function jsonText(name: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    text = undefined; // a cycle, or a bigint in it
  }
  if (text === undefined) throw invalid(name, 'something that can be written as JSON', value);
  return text;
}

function flagText(name: string, value: unknown, flag: Flag): string {
  if (!fits(value, flag)) throw invalid(name, expectation(flag), value);
  return refuseZeroByte(name, String(value));
}

function fits(value: unknown, { kind, choices, minimum = -Infinity }: Flag): boolean {
  switch (kind) {
    case 'integer':
      return Number.isSafeInteger(value) && (value as number) >= minimum;
    case 'number':
      return Number.isFinite(value) && (value as number) >= minimum;
    case 'duration':
      return (parseDuration(String(value)) ?? 0) > 0;
    case 'choice':
      return typeof value === 'string' && choices?.includes(value) === true;
    case 'string':
    case 'path':
      return typeof value === 'string';
    case 'switch':
      return typeof value === 'boolean';
    case 'named-path':
    case 'named-json':
      return isRecord(value);
  }
}

function expectation({ kind, choices, minimum }: Flag): string {
  const bound = minimum === undefined ? '' : ` of ${minimum} or more`;
  switch (kind) {
    case 'integer':
      return `an integer${bound}`;
    case 'number':
      return `a number${bound}`;
    case 'choice':
      return `one of ${(choices ?? []).map((choice) => `'${choice}'`).join(', ')}`;
    case 'duration':
      return "a number of seconds or a time span such as '5m'";
    case 'string':
      return 'a string';
    case 'path':
      return 'a path, as a string';
    case 'switch':
      return 'true or false';
    case 'named-path':
      return 'an object of paths, by the name of the config';
    case 'named-json':
      return 'an object of values, by the name of the config';
  }
}

/** Gives the text back; one with a zero byte can be neither an argument nor a variable, whose end that is. */
export function refuseZeroByte(name: string, text: string): string {
  if (text.includes('\0')) throw invalid(name, 'text without a zero byte', text);
  return text;
}

function unknownOption(name: string, names: readonly string[], place: string): InvalidOptionError {
  const known = names.toSorted().join(', ');
  const near = nearest(name, names);
  return new InvalidOptionError(
    { option: name, expected: known },
    `${place} has no option ${JSON.stringify(name)}`,
    near === undefined ? `The options are: ${known}.` : `Did you mean ${near}? The options are: ${known}.`,
  );
}
