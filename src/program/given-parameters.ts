import { rmSync } from 'node:fs';
import { environmentVariable } from '../core/environment-variable.ts';
import { InvalidOptionError } from '../core/errors.ts';
import type { InternalOptions } from '../core/flags.ts';
import type { DeclaredParameters } from '../flow/declared-parameters.ts';
import type { GivenValue } from '../flow/resolve-parameters.ts';
import type { CommandLine } from './command-line.ts';
import { readJsonObject } from './read-json-object.ts';

/**
 * The parameters a run was given: on the command line, else in the file a Runner wrote, else in the environment. The file
 * of a Runner is gone when it has been read.
 *
 * @throws {InvalidOptionError} when that file cannot be read, or a program that started this one gave a secret on the
 *   command line, where everybody on the machine can read it
 */
export function givenParameters(
  { parameters, parameterVariables, options }: CommandLine,
  declared: DeclaredParameters,
): ReadonlyMap<string, GivenValue> {
  const given = new Map<string, GivenValue>();
  const { parametersFile, runnerAttributeFile, argumentsFile } = options as InternalOptions;
  const exposed = [...parameters.keys()].find((name) => declared.get(name)?.secret === true);
  if (exposed !== undefined && runnerAttributeFile !== undefined && argumentsFile === undefined)
    throw exposedSecret(exposed);
  for (const [name, text] of parameterVariables) given.set(name, { kind: 'text', texts: [text] });
  if (parametersFile !== undefined) {
    const values = readJsonObject(parametersFile, 'parameters-file');
    // A Runner's is for this process alone, and there may be secrets in it.
    if (runnerAttributeFile !== undefined) rmSync(parametersFile, { force: true });
    for (const [name, value] of Object.entries(values)) {
      given.set(name, typeof value === 'string' ? { kind: 'text', texts: [value] } : { kind: 'value', value });
    }
  }
  for (const [name, texts] of parameters) given.set(name, { kind: 'text', texts });
  return given;
}

/** Its author hid the declaration from the Runner, and has to know rather than to find out. */
function exposedSecret(name: string): InvalidOptionError {
  return new InvalidOptionError(
    { option: name, expected: 'a value that is not on the command line' },
    `Parameter ${name} is secret, and was given on the command line, where others can read it`,
    `Give it in the environment, as ${environmentVariable('run', name)}; or write secret: true in the flow script or in a file that it imports, where a Runner looks for it.`,
  );
}
