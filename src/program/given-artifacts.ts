import { InvalidOptionError } from '../core/errors.ts';
import type { InternalSpinOptions } from '../core/flags.ts';
import type { CommandLine } from './command-line.ts';
import { readJsonObject } from './read-json-object.ts';

/**
 * The artifacts a spin was given instead of the inherited ones: on the command line, or in the file a Runner wrote.
 *
 * @throws {InvalidOptionError} when one is not written as `name=<JSON>`
 */
export function givenArtifacts({ options }: CommandLine): ReadonlyMap<string, unknown> {
  const { artifacts = [], artifactsFile } = options as { artifacts?: readonly string[] } & InternalSpinOptions;
  const inFile = artifactsFile === undefined ? [] : Object.entries(readJsonObject(artifactsFile, 'artifacts-file'));
  return new Map<string, unknown>([...inFile, ...artifacts.map(parseArtifact)]);
}

function parseArtifact(text: string): readonly [name: string, value: unknown] {
  const [, name, json] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || json === undefined) throw wrong(text, `${JSON.stringify(text)} has no "="`);
  try {
    return [name, JSON.parse(json) as unknown];
  } catch (cause) {
    throw wrong(text, `the value of ${name} is no JSON: ${(cause as SyntaxError).message}`, { cause });
  }
}

function wrong(received: string, why: string, options?: ErrorOptions): InvalidOptionError {
  return new InvalidOptionError(
    { option: 'artifacts', expected: 'name=<JSON>', received },
    `--artifacts takes name=<JSON>: ${why}`,
    `Write it as in --artifacts 'rate=0.5' or --artifacts 'title="a string needs its quotes"'.`,
    options,
  );
}
