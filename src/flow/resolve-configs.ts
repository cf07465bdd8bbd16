import { InvalidOptionError, RacewayError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Config, ConfigFormat } from './config.ts';
import type { DeclaredConfigs } from './declared-parameters.ts';
import { parseConfig } from './parse-config.ts';
import { readTextFile, type TextFile } from './read-text-file.ts';
import { describeIssues } from './standard-schema.ts';

/** What a caller gave in place of configuration files. */
export interface GivenConfigs {
  /** Paths of other files, by name. */
  readonly config?: Readonly<Record<string, string>> | undefined;
  /** What such a file would say, by name. */
  readonly configValue?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * The values of a flow's configs, every declared name among them; `undefined` for an optional one that is not there.
 *
 * @param options.origin values of the run that is resumed: taken as they are where nothing is given
 * @throws {InvalidOptionError} when a name is unknown or given twice, or a file is missing, cannot be read, or says what
 *   the config's schema refuses
 * @throws {RacewayError} `FLOW_DEFINITION` when a schema throws
 */
export async function resolveConfigs(
  configs: DeclaredConfigs,
  given: GivenConfigs,
  options: { readonly origin?: Readonly<Record<string, unknown>> | undefined } = {},
): Promise<Record<string, unknown>> {
  const { config: files = {}, configValue: givenValues = {} } = given;
  const { origin = {} } = options;
  for (const name of Object.keys({ ...files, ...givenValues })) {
    if (!configs.has(name)) throw unknownConfig(name, [...configs.keys()]);
    if (Object.hasOwn(files, name) && Object.hasOwn(givenValues, name)) throw givenTwice(name);
  }
  const values: Record<string, unknown> = {};
  for (const [name, config] of configs) {
    const file = Object.hasOwn(files, name) ? files[name] : undefined;
    if (Object.hasOwn(givenValues, name)) values[name] = await checked(name, config, { value: givenValues[name] });
    else if (file !== undefined) values[name] = await fromFile(name, config, { file, isDefault: false });
    else if (Object.hasOwn(origin, name)) values[name] = origin[name];
    else values[name] = await fromFile(name, config, { file: config.file, isDefault: true });
  }
  return values;
}

function unknownConfig(name: string, names: readonly string[]): InvalidOptionError {
  const near = nearest(name, names);
  const known = names.length === 0 ? 'The flow has no configs.' : `Its configs are: ${names.join(', ')}.`;
  return new InvalidOptionError(
    { option: 'config', expected: names.join(', '), received: name },
    `The flow has no config ${name}`,
    near === undefined ? known : `Did you mean ${near}? ${known}`,
  );
}

function givenTwice(name: string): InvalidOptionError {
  return new InvalidOptionError(
    { option: 'config', expected: 'a file or a value', received: name },
    `Config ${name} was given both a file and a value`,
    `Give --config=${name}=<path> or --config-value=${name}=<json>, not both.`,
  );
}

async function fromFile(
  name: string,
  config: Config,
  { file, isDefault }: { file: string; isDefault: boolean },
): Promise<unknown> {
  const read = readTextFile(file);
  if (read.kind === 'unreadable') {
    if (read.isMissing && isDefault && !config.required) return undefined;
    throw unreadable(name, file, read);
  }
  const parsed = await parseConfig(read.text, isDefault ? config.format : formatOf(file, config.format));
  if (parsed.kind === 'parsed') return checked(name, config, { value: parsed.value, file });
  const place = parsed.line === undefined ? '' : `:${parsed.line}:${parsed.column}`;
  throw new InvalidOptionError(
    { option: name, expected: parsed.expected, received: file },
    `Config ${name} cannot be read from ${file}${place}: ${parsed.message}`,
    `Mend the file, or give another with --config=${name}=<path>.`,
  );
}

/** A file that is named after another format is written in that one. */
function formatOf(file: string, otherwise: ConfigFormat): ConfigFormat {
  if (/\.json$/i.test(file)) return 'json';
  return /\.ya?ml$/i.test(file) ? 'yaml' : otherwise;
}

function unreadable(
  name: string,
  file: string,
  { why, isMissing, cause }: TextFile & { kind: 'unreadable' },
): InvalidOptionError {
  return new InvalidOptionError(
    { option: name, expected: 'a file', received: file },
    `Config ${name} is the file ${file}, which cannot be read: ${why}`,
    `${isMissing ? 'Make it' : 'Mend that'}, or give another with --config=${name}=<path>; a relative path starts at ${process.cwd()}.`,
    { cause },
  );
}

async function checked(
  name: string,
  { schema }: Config,
  { value, file }: { value: unknown; file?: string },
): Promise<unknown> {
  if (schema === undefined) return value;
  let result;
  try {
    result = await schema['~standard'].validate(value);
  } catch (cause) {
    throw new RacewayError(
      'FLOW_DEFINITION',
      `The schema of config ${name} threw instead of judging what it was given: ${String(cause)}`,
      'Mend the schema: it should return what is wrong as issues.',
      { cause },
    );
  }
  if (result.issues === undefined) return result.value;
  const expected = describeIssues(result.issues);
  throw new InvalidOptionError(
    { option: name, expected, received: file ?? 'a value' },
    `Config ${name}${file === undefined ? '' : `, from ${file},`} is refused by its schema: ${expected}`,
    file === undefined ? 'Give it a value that the schema accepts.' : 'Mend the file, or give another.',
  );
}
