import type { StandardSchemaV1 } from '@standard-schema/spec';
import { InvalidOptionError, RacewayError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { DeclaredParameters } from './declared-parameters.ts';
import { accepts, describeType, type ParameterType, type PlainType } from './parameter-type.ts';
import type { Parameter } from './parameter.ts';

/** What a caller gave for a parameter: text from the command line or the environment, or a value out of a JSON file. */
export type GivenValue =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'value'; readonly value: unknown };

/**
 * The values that a run has for its parameters, every declared name among them; `undefined` for one that has no value.
 *
 * @param given by name, in the order in which the user gave them
 * @param options.origin values of the run that is resumed: taken as they are where nothing is given
 * @throws {InvalidOptionError} when a name is unknown, a value is not of the parameter's type, or a required one is missing
 * @throws {RacewayError} `FLOW_DEFINITION` when a schema refuses the default it was declared with
 */
export async function resolveParameters(
  parameters: DeclaredParameters,
  given: ReadonlyMap<string, GivenValue>,
  options: { readonly origin?: Readonly<Record<string, unknown>> | undefined } = {},
): Promise<Record<string, unknown>> {
  const { origin = {} } = options;
  for (const name of given.keys()) {
    if (!parameters.has(name)) throw unknownParameter(name, [...parameters.keys()]);
  }
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of parameters) {
    const value = given.get(name);
    if (value !== undefined) values[name] = await valueOf(name, parameter.type, value);
    else if (Object.hasOwn(origin, name)) values[name] = origin[name];
    else if (parameter.required) throw missingParameter(name, parameter);
    else values[name] = await defaultOf(name, parameter);
  }
  return values;
}

/**
 * The values that parameters have when none is given, `undefined` for the required ones: enough to look at a flow that is
 * not about to run.
 *
 * @throws {RacewayError} `FLOW_DEFINITION` when a schema refuses the default it was declared with
 */
export async function defaultParameters(parameters: DeclaredParameters): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [name, parameter] of parameters) {
    values[name] = parameter.required ? undefined : await defaultOf(name, parameter);
  }
  return values;
}

function unknownParameter(name: string, names: readonly string[]): InvalidOptionError {
  const near = nearest(name, names);
  const known = names.length === 0 ? 'The flow has no parameters.' : `Its parameters are: ${names.join(', ')}.`;
  return new InvalidOptionError(
    { option: name, expected: names.join(', '), received: name },
    `The flow has no parameter ${name}`,
    near === undefined ? known : `Did you mean ${near}? ${known}`,
  );
}

function missingParameter(name: string, { type, help }: Parameter): InvalidOptionError {
  return new InvalidOptionError(
    { option: name, expected: describeType(type) },
    `Parameter ${name} is required and was not given`,
    `Give it ${describeType(type)}, as --${name}=<value>.${help === undefined ? '' : ` It is: ${help}`}`,
  );
}

async function valueOf(name: string, type: ParameterType, given: GivenValue): Promise<unknown> {
  if (type.kind === 'schema') return schemaValue(name, type.schema, given);
  const value = given.kind === 'value' ? given.value : parseText(name, type, given.text);
  if (accepts(type, value)) return value;
  throw refused(name, type, given);
}

/** What the text says, or `undefined` when it says nothing that the type takes. */
function parseText(name: string, type: PlainType, text: string): unknown {
  switch (type.kind) {
    case 'string':
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
      return parseJson(name, text);
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as SyntaxError;
    throw new InvalidOptionError(
      { option: name, expected: 'JSON', received: shortened(text) },
      `Parameter ${name} takes JSON and was given ${quoted(text)}: ${message}`,
      `Write it as JSON, as in --${name}='{"depth": 3}' or --${name}='["a", "b"]'; a string needs its double quotes.`,
      { cause },
    );
  }
}

function refused(name: string, type: PlainType, given: GivenValue): InvalidOptionError {
  const text = given.kind === 'text' ? given.text : JSON.stringify(given.value);
  return new InvalidOptionError(
    { option: name, expected: describeType(type), received: shortened(text) },
    `Parameter ${name} takes ${describeType(type)} and was given ${given.kind === 'text' ? quoted(text) : shortened(text)}`,
    adviceFor(name, type, text),
  );
}

function adviceFor(name: string, type: PlainType, text: string): string {
  switch (type.kind) {
    case 'string':
    case 'json':
      return 'Put a string into the file.'; // text is always a string; JSON is always JSON
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

async function schemaValue(name: string, schema: StandardSchemaV1, given: GivenValue): Promise<unknown> {
  const raw = given.kind === 'text' ? given.text : given.value;
  const first = await schema['~standard'].validate(raw);
  if (first.issues === undefined) return first.value;
  const json = given.kind === 'text' ? jsonIn(given.text) : undefined;
  const second = json === undefined ? first : await schema['~standard'].validate(json.value);
  if (second.issues === undefined) return second.value;
  const text = given.kind === 'text' ? given.text : JSON.stringify(given.value);
  const expected = describeIssues(second.issues);
  throw new InvalidOptionError(
    { option: name, expected, received: shortened(text) },
    `Parameter ${name} was given ${given.kind === 'text' ? quoted(text) : shortened(text)}, which its schema refuses: ${expected}`,
    json === undefined && given.kind === 'text'
      ? 'Give it text that the schema accepts, or JSON that does.'
      : 'Give it a value that the schema accepts.',
  );
}

async function defaultOf(name: string, { type, default: value }: Parameter): Promise<unknown> {
  if (type.kind !== 'schema') return value;
  const result = await type.schema['~standard'].validate(value);
  if (result.issues === undefined) return result.value;
  if (value === undefined) return undefined; // the schema has no say for what is not there
  throw new RacewayError(
    'FLOW_DEFINITION',
    `The default of parameter ${name} is refused by its own schema: ${describeIssues(result.issues)}`,
    'Declare a default that the schema accepts, or none.',
  );
}

function jsonIn(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined; // then it was meant as text
  }
}

function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  return issues
    .map(({ message, path = [] }) => {
      const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
      return where === '' ? message : `${where}: ${message}`;
    })
    .join('; ');
}

function quoted(text: string): string {
  return JSON.stringify(shortened(text));
}

/** A value may be megabytes; an error is for people. */
function shortened(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`;
}
