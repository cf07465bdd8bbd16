import { readFileSync } from 'node:fs';
import { InvalidOptionError } from '../core/errors.ts';

/**
 * Reads what a Runner wrote for its child: values by their names.
 *
 * @param option the option that named the file, for the message
 * @throws {InvalidOptionError} when the file holds no JSON object
 */
export function readJsonObject(file: string, option: string): object {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw invalid(file, option, { cause });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw invalid(file, option);
  return content;
}

function invalid(file: string, option: string, options?: ErrorOptions): InvalidOptionError {
  return new InvalidOptionError(
    { option, expected: 'a JSON object', received: file },
    `cannot read ${option} ${file}: it holds no JSON object`,
    'Give a file with one JSON object, names as its keys.',
    options,
  );
}
