import { isDeepStrictEqual } from 'node:util';
import { SPIN_FLAGS } from '../core/flags.ts';
import type { ArgumentRoom } from './argument-room.ts';
import { invalid } from '../core/invalid.ts';
import type { Options } from './option-flags.ts';
import type { ParameterArguments } from './parameter-arguments.ts';

/**
 * Turns artifacts into arguments, `--artifacts=name=<JSON>`; `undefined` gives nothing. What is too long goes to a file.
 *
 * @throws {InvalidOptionError} when JSON would not bring a value over as it is
 */
export function artifactArguments(artifacts: Options, room: ArgumentRoom): ParameterArguments {
  const flags: string[] = [];
  const inFile: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(artifacts)) {
    if (value === undefined) continue;
    if (name === '' || name.includes('=')) throw invalid('artifacts', 'an object with names of artifacts', name);
    const flag = `--${SPIN_FLAGS.artifacts.flag}=${name}=${exactJson(name, value)}`;
    if (room.take([flag])) flags.push(flag);
    else inFile[name] = value;
  }
  return { flags, inFile };
}

/** A Date would arrive as a string, a Map as an empty object, NaN as null: the task must not find something else. */
function exactJson(name: string, value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch {
    json = undefined; // a cycle, or a bigint in it
  }
  if (json !== undefined && isDeepStrictEqual(JSON.parse(json), value)) return json;
  throw invalid(`artifacts.${name}`, 'something that JSON can say', value);
}
