import type { StandardSchemaV1 } from '@standard-schema/spec';
import { environmentVariable } from '../core/environment-variable.ts';
import { InvalidOptionError, RacewayError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { DeclaredParameters } from './declared-parameters.ts';
import { accepts, describeType, type ParameterType, type PlainType } from './parameter-type.ts';
import type { Parameter } from './parameter.ts';
import { readTextFile } from './read-text-file.ts';
import { describeIssues } from './standard-schema.ts';

/** What a caller gave for a parameter. */
export type GivenValue =
  /** Text from the command line or the environment, as often as it was given there, which is once at least. */
  | { readonly kind: 'text'; readonly texts: readonly string[] }
  /** A value out of a JSON file. */
  | { readonly kind: 'value'; readonly value: unknown };

/** One of the values of a parameter, which has several only when it is `multiple`. */
type Given = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'value'; readonly value: unknown };

/** The parameter that a value is for, and what the value is called in messages: `titles[1]`. */
interface Target {
  readonly name: string;
  readonly label: string;
  readonly parameter: Parameter;
}

/**
 * The values that a run has for its parameters, every declared name among them; `undefined` for one that has no value.
 * Files are read and defaults computed here, in the order of the declaration.
 *
 * @param given by name, in the order in which the user gave them
 * @param options.origin values of the run that is resumed: taken as they are where nothing is given, if they still are of
 *   the parameter's type
 * @throws {InvalidOptionError} when a name is unknown, a value is not of the parameter's type, a file cannot be read, or
 *   a required parameter is missing
 * @throws {RacewayError} `FLOW_DEFINITION` when a default cannot be computed or is none that a caller could give
 */
export async function resolveParameters(
  parameters: DeclaredParameters,
  given: ReadonlyMap<string, GivenValue>,
  options: { readonly origin?: Readonly<Record<string, unknown>> | undefined } = {},
): Promise<Record<string, unknown>> {
  const { origin = {} } = options;
  for (const name of given.keys()) {
    if (!parameters.has(name)) throw unknownParameter(name, parameters);
  }
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of parameters) {
    const value = given.get(name);
    if (value !== undefined) values[name] = await valueOf(name, parameter, value);
    else if (isKept(name, parameter, origin)) values[name] = keptValue(name, parameter, origin[name]);
    else if (parameter.required) throw missingParameter(name, parameter, { isResumed: options.origin !== undefined });
    else values[name] = await defaultOf(name, parameter);
  }
  return values;
}

/**
 * The values that parameters have when none is given, as far as nothing need be computed for it; `undefined` for the
 * others, for required ones, and for files that cannot be read: enough to look at a flow that is not about to run.
 *
 * @throws {RacewayError} `FLOW_DEFINITION` when a schema refuses the default it was declared with
 */
export async function defaultParameters(parameters: DeclaredParameters): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of parameters) {
    const isKnown = !parameter.required && parameter.computeDefault === undefined && hasItsFiles(parameter);
    values[name] = isKnown ? await defaultOf(name, parameter) : undefined;
  }
  return values;
}

function hasItsFiles({ type, default: paths }: Parameter): boolean {
  return type.kind !== 'file' || [paths ?? []].flat().every((path) => readTextFile(path as string).kind === 'read');
}

function unknownParameter(name: string, parameters: DeclaredParameters): InvalidOptionError {
  const names = [...parameters].filter(([, { hidden }]) => !hidden).map(([known]) => known);
  const near = nearest(name, names);
  const known = names.length === 0 ? 'The flow has no parameters.' : `Its parameters are: ${names.join(', ')}.`;
  return new InvalidOptionError(
    { option: name, expected: names.join(', '), received: name },
    `The flow has no parameter ${name}`,
    near === undefined ? known : `Did you mean ${near}? ${known}`,
  );
}

function missingParameter(
  name: string,
  { type, help, secret }: Parameter,
  { isResumed }: { isResumed: boolean },
): InvalidOptionError {
  const what = help === undefined ? '' : ` It is: ${help}`;
  const variable = environmentVariable(isResumed ? 'resume' : 'run', name);
  const isForgotten = isResumed && secret;
  return new InvalidOptionError(
    { option: name, expected: describeType(type) },
    isForgotten
      ? `Parameter ${name} is required and was not given again: it is secret, so the run that is resumed did not keep it`
      : `Parameter ${name} is required and was not given`,
    secret
      ? `Give it ${describeType(type)}, in the environment as ${variable}.${what}`
      : `Give it ${describeType(type)}, as --${name}=<value>.${what}`,
  );
}

/** One that had no value then has whatever it has without one now. */
function isKept(name: string, { type }: Parameter, origin: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(origin, name) && (type.kind === 'schema' || origin[name] !== undefined);
}

/** The flow may have changed since. What a schema made is no longer what the schema takes, so that is not looked at. */
function keptValue(name: string, { type, multiple, secret }: Parameter, value: unknown): unknown {
  if (type.kind === 'schema') return value;
  const isRight = multiple ? Array.isArray(value) && value.every((one) => accepts(type, one)) : accepts(type, value);
  if (isRight) return value;
  const expected = `${multiple ? 'an array, each ' : ''}${describeType(type)}`;
  const received = secret ? undefined : shortened(JSON.stringify(value) ?? String(value));
  throw new InvalidOptionError(
    { option: name, expected, received },
    `Parameter ${name} takes ${expected} now, and the origin run has ${received ?? 'something else'}`,
    secret
      ? `Give it again, in the environment as ${environmentVariable('resume', name)}.`
      : `Give it again, as --${name}=<value>.`,
  );
}

async function valueOf(name: string, parameter: Parameter, given: GivenValue): Promise<unknown> {
  if (!parameter.multiple) return oneValue({ name, label: name, parameter }, single(given));
  const values: unknown[] = [];
  for (const [index, one] of several(given, parameter.type).entries()) {
    values.push(await oneValue({ name, label: `${name}[${index}]`, parameter }, one));
  }
  return values;
}

/** Of several texts the last. */
function single(given: GivenValue): Given {
  return given.kind === 'value' ? given : { kind: 'text', text: given.texts.at(-1) ?? '' };
}

/** One text that is a JSON array says all of them: so a Runner writes an array, and so does the environment. */
function several(given: GivenValue, { kind }: ParameterType): readonly Given[] {
  const fromJson = (value: unknown): Given =>
    // A string in JSON is read as it would be on the command line, unless the value is JSON itself.
    typeof value === 'string' && kind !== 'json' ? { kind: 'text', text: value } : { kind: 'value', value };
  if (given.kind === 'value') return Array.isArray(given.value) ? given.value.map(fromJson) : [given];
  const [first = '', ...others] = given.texts;
  const list = others.length === 0 ? jsonIn(first)?.value : undefined;
  if (Array.isArray(list)) return list.map(fromJson);
  return given.texts.map((text) => ({ kind: 'text', text }));
}

async function oneValue(target: Target, given: Given): Promise<unknown> {
  const { type } = target.parameter;
  if (type.kind === 'schema') return schemaValue(target, type.schema, given);
  const value = given.kind === 'value' ? given.value : parseText(target, type, given.text);
  if (!accepts(type, value)) throw refused(target, type, given);
  return type.kind === 'file' ? contentOf(value as string, target, 'Parameter') : value;
}

function contentOf(path: string, { name, label }: Target, what: 'Parameter' | 'The default of parameter'): string {
  const file = readTextFile(path);
  if (file.kind === 'read') return file.text;
  throw new InvalidOptionError(
    { option: name, expected: describeType({ kind: 'file' }), received: shortened(path) },
    `${what} ${label} is the file ${quoted(path)}, which cannot be read: ${file.why}`,
    `Give the path of a text file in UTF-8; a relative one starts at ${process.cwd()}.`,
    { cause: file.cause },
  );
}

/** What the text says, or `undefined` when it says nothing that the type takes. */
function parseText(target: Target, type: PlainType, text: string): unknown {
  switch (type.kind) {
    case 'string':
    case 'file':
      return text;
    case 'integer':
      return /^-?[0-9]+$/.test(text) ? Number(text) + 0 : undefined; // + 0 makes a 0 of -0
    case 'float':
      return /^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(text) ? Number(text) : undefined;
    case 'boolean':
      if (text === 'true' || text === '1') return true;
      return text === 'false' || text === '0' ? false : undefined;
    case 'oneOf':
      return type.values.find((value) => String(value) === text);
    case 'json':
      return parseJson(target, text);
  }
}

function parseJson({ name, label, parameter }: Target, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const advice = `Write it as JSON, as in --${name}='{"depth": 3}' or --${name}='["a", "b"]'; a string needs its double quotes.`;
    // The parser repeats part of the text.
    if (parameter.secret) {
      throw new InvalidOptionError(
        { option: name, expected: 'JSON' },
        `Parameter ${label} takes JSON and was given something else`,
        advice,
      );
    }
    throw new InvalidOptionError(
      { option: name, expected: 'JSON', received: shortened(text) },
      `Parameter ${label} takes JSON and was given ${quoted(text)}: ${(cause as SyntaxError).message}`,
      advice,
      { cause },
    );
  }
}

function refused({ name, label, parameter }: Target, type: PlainType, given: Given): InvalidOptionError {
  const takes = `Parameter ${label} takes ${describeType(type)} and was given`;
  const text = textOf(given);
  if (parameter.secret) {
    return new InvalidOptionError(
      { option: name, expected: describeType(type) },
      `${takes} something else`,
      adviceFor(name, type, ''),
    );
  }
  return new InvalidOptionError(
    { option: name, expected: describeType(type), received: shortened(text) },
    `${takes} ${given.kind === 'text' ? quoted(text) : shortened(text)}`,
    adviceFor(name, type, text),
  );
}

function adviceFor(name: string, type: PlainType, text: string): string {
  switch (type.kind) {
    case 'string':
    case 'json':
    case 'file':
      return 'Give it a string; in JSON that is in double quotes.'; // text is always one, and JSON is always JSON
    case 'integer':
      return `Write decimal digits, as in --${name}=5, from -${Number.MAX_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}.`;
    case 'float':
      return `Write a decimal number, as in --${name}=0.5 or --${name}=1e-3.`;
    case 'boolean':
      return `Write --${name}=true or --${name}=false.`;
    case 'oneOf': {
      const near = nearest(text, type.values.map(String));
      return near === undefined ? `Choose one, as in --${name}=${type.values[0]}.` : `Did you mean ${near}?`;
    }
  }
}

async function schemaValue(target: Target, schema: StandardSchemaV1, given: Given): Promise<unknown> {
  const { name, label, parameter } = target;
  const first = await validate(target, schema, given.kind === 'text' ? given.text : given.value);
  if (first.issues === undefined) return first.value;
  const json = given.kind === 'text' ? jsonIn(given.text) : undefined;
  const second = json === undefined ? first : await validate(target, schema, json.value);
  if (second.issues === undefined) return second.value;
  const advice =
    json === undefined && given.kind === 'text'
      ? 'Give it text that the schema accepts, or JSON that does.'
      : 'Give it a value that the schema accepts.';
  if (parameter.secret) {
    throw new InvalidOptionError(
      { option: name, expected: describeType(parameter.type) }, // an issue may repeat the value
      `Parameter ${label} was given what its schema refuses`,
      advice,
    );
  }
  const text = textOf(given);
  const expected = describeIssues(second.issues);
  throw new InvalidOptionError(
    { option: name, expected, received: shortened(text) },
    `Parameter ${label} was given ${given.kind === 'text' ? quoted(text) : shortened(text)}, which its schema refuses: ${expected}`,
    advice,
  );
}

async function validate(
  { label, parameter }: Target,
  schema: StandardSchemaV1,
  value: unknown,
): Promise<StandardSchemaV1.Result<unknown>> {
  try {
    return await schema['~standard'].validate(value);
  } catch (cause) {
    throw new RacewayError(
      'FLOW_DEFINITION',
      `The schema of parameter ${label} threw instead of judging what it was given${parameter.secret ? '' : `: ${String(cause)}`}`,
      'Mend the schema: it should return what is wrong as issues.',
      parameter.secret ? undefined : { cause },
    );
  }
}

async function defaultOf(name: string, parameter: Parameter): Promise<unknown> {
  const value = parameter.computeDefault === undefined ? parameter.default : await computedDefault(name, parameter);
  if (!parameter.multiple) return oneDefault({ name, label: name, parameter }, value);
  if (value === undefined) return undefined;
  const values: unknown[] = [];
  for (const [index, one] of (value as readonly unknown[]).entries()) {
    values.push(await oneDefault({ name, label: `${name}[${index}]`, parameter }, one));
  }
  return values;
}

async function oneDefault(target: Target, value: unknown): Promise<unknown> {
  const { label, parameter } = target;
  const { type } = parameter;
  if (type.kind === 'file') {
    return value === undefined ? undefined : contentOf(value as string, target, 'The default of parameter');
  }
  if (type.kind !== 'schema') return value;
  const result = await validate(target, type.schema, value);
  if (result.issues === undefined) return result.value;
  if (value === undefined) return undefined; // the schema has no say for what is not there
  throw new RacewayError(
    'FLOW_DEFINITION',
    `The default of parameter ${label} is refused by its own schema${parameter.secret ? '' : `: ${describeIssues(result.issues)}`}`,
    'Declare a default that the schema accepts, or none.',
  );
}

/** What the function computes, checked as a value of a file is. */
async function computedDefault(name: string, parameter: Parameter): Promise<unknown> {
  const { type, multiple, computeDefault, secret } = parameter;
  let value: unknown;
  try {
    value = await computeDefault?.();
  } catch (cause) {
    throw new RacewayError(
      'FLOW_DEFINITION',
      `The default of parameter ${name} could not be computed${secret ? '' : `: ${String(cause)}`}`,
      `Mend what it needs, or give the parameter a value: --${name}=<value>.`,
      secret ? undefined : { cause },
    );
  }
  const isWhole = multiple ? Array.isArray(value) : value !== undefined;
  const values: readonly unknown[] = multiple && isWhole ? (value as unknown[]) : [value];
  const isRight = isWhole && (type.kind === 'schema' || values.every((one) => accepts(type, one)));
  if (!isRight) {
    const took = secret ? 'something else' : shortened(JSON.stringify(value) ?? String(value));
    throw new RacewayError(
      'FLOW_DEFINITION',
      `The default of parameter ${name} was computed as ${took}; it takes ${multiple ? 'an array, each ' : ''}${describeType(type)}`,
      'Let the function return what a caller could give as well.',
    );
  }
  return type.kind === 'json' ? (JSON.parse(JSON.stringify(value)) as unknown) : value;
}

function textOf(given: Given): string {
  return given.kind === 'text' ? given.text : (JSON.stringify(given.value) ?? String(given.value));
}

function jsonIn(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined; // then it was meant as text
  }
}

function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** A value may be megabytes; an error is for people. */
function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
