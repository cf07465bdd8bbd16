import { InvalidOptionError } from '../core/errors.ts';
import { ArgumentRoom } from './argument-room.ts';
import type { Interpreter } from './interpreter.ts';
import { invalid, type Options, refuseZeroByte } from './option-flags.ts';

/** Parameters on their way to a child. */
export interface ParameterArguments {
  readonly flags: readonly string[];
  /** What does not fit on a command line, for a private JSON file. */
  readonly inFile: Readonly<Record<string, unknown>>;
}

/**
 * Turns the parameters of a flow into arguments: names as they are, `--name=value`, an object or array as one JSON text
 * (for a foreign flow an array is one flag for each of its values). `undefined` gives nothing. What is too long goes to a
 * file.
 *
 * @throws {InvalidOptionError} when a value cannot be handed over
 *
 * @example
 * parameterArguments({ learning_rate: 0.5, debug: true }, 'native').flags; // ['--learning_rate=0.5', '--debug=true']
 */
export function parameterArguments(
  parameters: Options,
  kind: Interpreter['kind'],
  room = new ArgumentRoom(),
): ParameterArguments {
  const flags: string[] = [];
  const inFile: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    if (!/^[\p{L}_$][\p{L}\p{N}_$.-]*$/u.test(name)) throw badName(name);
    const values: readonly unknown[] = kind === 'foreign' && Array.isArray(value) ? value : [value];
    const own = values.map((one) => `--${name}=${text(name, one)}`);
    if (room.take(own)) {
      flags.push(...own);
    } else if (kind === 'native') {
      inFile[name] = jsonValue(name, value);
    } else {
      for (const flag of own) refuseZeroByte(name, flag);
      throw tooLong(name, own);
    }
  }
  return { flags, inFile };
}

function text(name: string, value: unknown): string {
  const json = jsonValue(name, value);
  return typeof json === 'string' ? json : JSON.stringify(json);
}

/** A string for what is written as text, and otherwise what JSON can hold. */
function jsonValue(name: string, value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return value;
    case 'bigint':
      return String(value);
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value); // the child says what it thinks of NaN
    case 'object':
      if (value instanceof URL || value instanceof Date) return value.toJSON();
      return checkedJson(name, value);
    default:
      throw invalid(name, 'something that can be written as text or JSON', value);
  }
}

function checkedJson(name: string, value: object | null): unknown {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    json = undefined; // a cycle, or a bigint in it
  }
  if (json === undefined) throw invalid(name, 'something that can be written as JSON', value);
  return JSON.parse(json);
}

function badName(name: string): InvalidOptionError {
  return new InvalidOptionError(
    { option: name, expected: 'a name' },
    `${JSON.stringify(name)} cannot be the name of a parameter`,
    'A name has letters, digits, "_", "." and "-", and begins with a letter or "_".',
  );
}

function tooLong(name: string, flags: readonly string[]): InvalidOptionError {
  const sizeBytes = flags.reduce((sum, flag) => sum + Buffer.byteLength(flag) + 1, 0);
  return new InvalidOptionError(
    { option: name, expected: `at most ${ArgumentRoom.longestBytes} bytes`, received: `${sizeBytes} bytes` },
    `the parameter ${name} does not fit on a command line: it has ${sizeBytes} bytes`,
    'Write it to a file and give the flow the path of that file.',
  );
}
