import { basename, extname } from 'node:path';
import { builtInDecorator } from '../decorator.ts';
import type { SecretSource } from '../step-policy.ts';

/** Options of `secrets()`. */
export interface SecretsOptions {
  /**
   * `env:NAME` for a variable of the run, `file:path` for the content of a file, without a line end at its end; a relative
   * path starts at the working folder of the run. `VARIABLE=` before it says how the variable is called in the task:
   * `API_KEY=file:/run/secrets/key`. @default the name of the variable, or of the file in capitals
   */
  readonly sources: readonly string[];
}

/**
 * Gives the tasks of a step secrets, as environment variables. They are read once, before the run starts, which is refused
 * when one is missing. Wherever the run shows or keeps what was printed or thrown, `*` stands in their place, and an
 * artifact that holds one fails its task.
 *
 * @throws {TypeError} when a source cannot be understood
 *
 * @example
 * fetch = step([secrets({ sources: ['env:API_KEY'] })], async () => { … process.env['API_KEY'] … });
 */
export const secrets = builtInDecorator<SecretsOptions>('secrets', {
  options: (given) => {
    const { sources, ...others } = given;
    const list: readonly unknown[] = typeof sources === 'string' ? [sources] : Array.isArray(sources) ? sources : [];
    if (list.length === 0 || Object.keys(others).length > 0) {
      throw new TypeError(
        "secrets() takes where they come from as a list, sources\nWrite it as secrets({ sources: ['env:API_KEY'] }).",
      );
    }
    return { sources: list.map((source) => (readSource(source), source as string)) };
  },
  policy: ({ sources }) => ({ secrets: sources.map(readSource) }),
});

function readSource(source: unknown): SecretSource {
  const match = typeof source === 'string' ? /^(?:([^=:]+)=)?(env|file):(.+)$/s.exec(source) : null;
  const [, variable, from, place = ''] = match ?? [];
  const name = variable ?? (from === 'env' ? place : variableOf(place));
  if (match === null || name === '' || /[=\0]/.test(name) || place.includes('\0')) {
    throw new TypeError(
      `secrets() was given the source ${JSON.stringify(source)}\n` +
        "Write it as 'env:NAME', 'file:path' or 'VARIABLE=file:path'.",
    );
  }
  return { from: from === 'env' ? 'environment' : 'file', place, variable: name };
}

function variableOf(path: string): string {
  return basename(path, extname(path))
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '_');
}
