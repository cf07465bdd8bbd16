import { InvalidOptionError } from '../core/errors.ts';
import { parameterJson, parameterText } from '../core/parameter-text.ts';
import { ArgumentRoom } from './argument-room.ts';
import { type Options, refuseZeroByte } from './option-flags.ts';

/** Parameters on their way to a child. */
export interface ParameterArguments {
  readonly flags: readonly string[];
  /** What does not fit on a command line, or must not be seen on one, for a private JSON file. */
  readonly inFile: Readonly<Record<string, unknown>>;
}

/** Who gets the parameters. */
export type ParameterTaker =
  { readonly kind: 'native'; readonly mayHaveSecrets: boolean } | { readonly kind: 'foreign' };

/**
 * Turns the parameters of a flow into arguments: names as they are, `--name=value`, an object or array as one JSON text
 * (for a foreign flow an array is one flag for each of its values). `undefined` gives nothing. What is too long goes to a
 * file, and everything does when one of them may be secret.
 *
 * @throws {InvalidOptionError} when a value cannot be handed over
 *
 * @example
 * parameterArguments({ learning_rate: 0.5, debug: true }, { kind: 'native', mayHaveSecrets: false }).flags; // ['--learning_rate=0.5', '--debug=true']
 */
export function parameterArguments(
  parameters: Options,
  taker: ParameterTaker,
  room = new ArgumentRoom(),
): ParameterArguments {
  const { kind } = taker;
  const flags: string[] = [];
  const inFile: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined) continue;
    if (!/^[\p{L}_$][\p{L}\p{N}_$.-]*$/u.test(name)) throw badName(name);
    const values: readonly unknown[] = kind === 'foreign' && Array.isArray(value) ? value : [value];
    const own = values.map((one) => `--${name}=${parameterText(name, one)}`);
    if (!(kind === 'native' && taker.mayHaveSecrets) && room.take(own)) {
      flags.push(...own);
    } else if (kind === 'native') {
      inFile[name] = parameterJson(name, value);
    } else {
      for (const flag of own) refuseZeroByte(name, flag);
      throw tooLong(name, own);
    }
  }
  return { flags, inFile };
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
