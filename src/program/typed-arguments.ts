import { readFileSync, rmSync } from 'node:fs';
import { InvalidOptionError } from '../core/errors.ts';
import { INTERNAL_FLAGS } from '../core/flags.ts';

/**
 * The arguments of this process. What somebody typed to `raceway`, and a secret may be among that, is in a file that one of
 * them names: it stands behind that one then, and the file is gone. Only a Runner has such a file.
 *
 * @throws {InvalidOptionError} when the file holds no arguments
 */
export function withTypedArguments(argv: readonly string[]): readonly string[] {
  const { argumentsFile, runnerAttributeFile } = INTERNAL_FLAGS;
  if (!argv.some((argument) => argument.startsWith(`--${runnerAttributeFile.flag}=`))) return argv;
  const prefix = `--${argumentsFile.flag}=`;
  const index = argv.findIndex((argument) => argument.startsWith(prefix));
  const file = argv[index]?.slice(prefix.length);
  return file === undefined ? argv : argv.toSpliced(index + 1, 0, ...readArguments(file));
}

function readArguments(file: string): readonly string[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw invalid(file, { cause });
  }
  if (!Array.isArray(content) || !content.every((one) => typeof one === 'string')) throw invalid(file);
  rmSync(file, { force: true });
  return content;
}

function invalid(file: string, options?: ErrorOptions): InvalidOptionError {
  return new InvalidOptionError(
    { option: INTERNAL_FLAGS.argumentsFile.flag, expected: 'a JSON array of strings', received: file },
    `cannot read the arguments in ${file}: it is not there, or holds no JSON array of strings`,
    'The file is written by raceway run and raceway resume, for one process.',
    options,
  );
}
