import type { InternalOptions } from '../core/flags.ts';
import type { GivenValue } from '../flow/resolve-parameters.ts';
import type { CommandLine } from './command-line.ts';
import { readJsonObject } from './read-json-object.ts';

/** The parameters a run was given: on the command line, in the environment, or in the file a Runner wrote. */
export function givenParameters({ parameters, options }: CommandLine): ReadonlyMap<string, GivenValue> {
  const given = new Map<string, GivenValue>();
  const { parametersFile } = options as InternalOptions;
  if (parametersFile !== undefined) {
    for (const [name, value] of Object.entries(readJsonObject(parametersFile, 'parameters-file'))) {
      given.set(name, typeof value === 'string' ? { kind: 'text', text: value } : { kind: 'value', value });
    }
  }
  for (const [name, text] of parameters) given.set(name, { kind: 'text', text });
  return given;
}
