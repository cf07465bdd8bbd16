import { readFileSync } from 'node:fs';
import { InvalidOptionError } from '../core/errors.js';
/** The parameters a run was given: on the command line, in the environment, or in the file a Runner wrote. */
export function givenParameters({ parameters, options }) {
  const given = new Map();
  const { parametersFile } = options;
  if (parametersFile !== undefined) {
    for (const [name, value] of Object.entries(readObject(parametersFile))) {
      given.set(name, typeof value === 'string' ? { kind: 'text', text: value } : { kind: 'value', value });
    }
  }
  for (const [name, text] of parameters) given.set(name, { kind: 'text', text });
  return given;
}
function readObject(file) {
  let content;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw invalid(file, { cause });
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) throw invalid(file);
  return content;
}
function invalid(file, options) {
  return new InvalidOptionError(
    { option: 'parameters-file', expected: 'a JSON object', received: file },
    `cannot read parameters from ${file}: it holds no JSON object`,
    'Give a file with one JSON object, parameter names as its keys.',
    options,
  );
}
