import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, resolve } from 'node:path';

/** More files than this are not looked through. */
const MOST_FILES = 200;

/**
 * Whether a flow script may declare a secret parameter. The flow is not loaded to find out: its source and that of every
 * file it imports is looked through, and `false` is only said when none has the word "secret" and nothing else is
 * imported than modules of Node and raceway. A flow file that is missing declares nothing.
 */
export function mayDeclareSecrets(flowFile: string): boolean {
  const files = new Set([flowFile]);
  for (const file of files) {
    const source = read(file);
    if (source === undefined) return file !== flowFile;
    const names = isPlain(source) ? importedNames(source) : undefined;
    if (names === undefined || files.size > MOST_FILES) return true;
    for (const name of names) {
      if (isBuiltin(name) || name === 'raceway' || name.startsWith('raceway/')) continue;
      if (!/^\.\.?\//.test(name)) return true; // a package, or an alias
      files.add(resolve(dirname(file), name));
    }
  }
  return false;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Without the word, without an escape that could spell it, and without code that is made when it runs. */
function isPlain(source: string): boolean {
  return !/secret|\\[ux]|\beval\b|\bnew\s+Function\b|\bcreateRequire\b/i.test(source);
}

/** What the source imports; `undefined` when that is not all written out. */
function importedNames(source: string): readonly string[] | undefined {
  if (/\b(?:import|require)\s*\(\s*[^\s'"]/.test(source)) return undefined;
  if (/\b(?:from|import|require)\s*\(?\s*\/[*/]/.test(source)) return undefined; // a comment stands in between
  return [...source.matchAll(/\b(?:from|import|require)\s*\(?\s*(['"])(.*?)\1/g)].map(([, , name = '']) => name);
}
