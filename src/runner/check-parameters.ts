import { environmentVariable } from '../core/environment-variable.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { FlowDescription, Schema } from './flow-description.ts';
import type { Options } from './option-flags.ts';

/**
 * Says before anything is started what the child would say: unknown and missing parameters, and values that are certain to
 * be refused. It is the child who judges in the end, since schemas can do more than they say.
 *
 * @param options.environment the child's, where a required parameter may be
 * @throws {InvalidOptionError} for the first parameter that is wrong
 */
export function checkParameters(
  given: Options,
  {
    description: { flow, parameters, required },
    environment,
  }: { description: FlowDescription; environment: Readonly<Record<string, string | undefined>> },
): void {
  const names = [...parameters].filter(([, schema]) => schema['x-hidden'] !== true).map(([name]) => name);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const schema = parameters.get(name);
    if (schema === undefined) throw unknownParameter(name, { flow, names });
    const expected = certainlyNot(value, schema);
    if (expected !== undefined) throw wrongValue(name, expected, value);
  }
  const missing = required.find((name) => given[name] === undefined && !environment[environmentVariable('run', name)]);
  if (missing !== undefined) {
    throw new InvalidOptionError(
      { option: missing, expected: names.join(', ') },
      `the parameter ${missing} of ${flow} is required and was not given`,
      `Give every row a value for ${missing}.`,
    );
  }
}

/**
 * What the schema takes, if it can be said for certain that it is not this value. A value travels as text, of which the
 * flow makes what its type needs, so that only what no reading of the text can mend is wrong.
 */
function certainlyNot(value: unknown, { type, enum: choices }: Schema): string | undefined {
  const isText = typeof value === 'string' && !isJson(value);
  if (!isText && typeof value !== 'number') return undefined;
  if (Array.isArray(choices)) {
    const isChoice = choices.some((choice) => String(choice) === String(value));
    return isChoice ? undefined : `one of ${choices.join(', ')}`;
  }
  if (type !== 'integer' && type !== 'number') return undefined;
  const number = Number(value);
  if (type === 'integer') return Number.isInteger(number) ? undefined : 'an integer';
  return Number.isFinite(number) ? undefined : 'a finite number';
}

/** Whether the text may be read as something else than itself. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function wrongValue(name: string, expected: string, value: unknown): InvalidOptionError {
  const received = JSON.stringify(value);
  return new InvalidOptionError(
    { option: name, expected, received },
    `the parameter ${name} takes ${expected} and was given ${typeof value === 'number' ? value : received}`,
    `Give ${name} another value.`,
  );
}

function unknownParameter(
  name: string,
  { flow, names }: { flow: string; names: readonly string[] },
): InvalidOptionError {
  const near = nearest(name, names);
  const known = names.length === 0 ? 'It has none.' : `Its parameters are: ${names.join(', ')}.`;
  return new InvalidOptionError(
    { option: name, expected: names.join(', '), received: name },
    `${flow} has no parameter ${name}`,
    near === undefined ? known : `Did you mean ${near}? ${known}`,
  );
}
