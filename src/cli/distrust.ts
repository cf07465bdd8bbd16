import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import { findHome } from '../client/home.ts';

const EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs', '.cjs'];

/**
 * Why a file that a store names as the script of a flow is not executed to look at its source: whoever wrote the store may
 * not be whoever reads it, and must not have anything executed. So it has to be a flow script of raceway with that flow,
 * belong to the user, and be in the project that the user works in: below the working folder, or beside the home that is
 * found from there. Nothing of the store goes on its command line.
 *
 * @returns `undefined` when nothing speaks against it
 */
export function distrust(flowFile: string, { flow, home }: { flow: string; home: string }): string | undefined {
  let file: string;
  let source: string;
  try {
    file = realpathSync(flowFile);
    const { uid } = statSync(file);
    if (process.getuid !== undefined && uid !== process.getuid()) return `${flowFile} belongs to another user`;
    source = readFileSync(file, 'utf8');
  } catch {
    return `${flowFile} cannot be read any more`;
  }
  if (!EXTENSIONS.includes(extname(file))) return `${flowFile} is no flow script of raceway`;
  const own = findHome({ home: '' }); // whatever RACEWAY_HOME names
  const projects = [process.cwd(), ...(own === home ? [dirname(own)] : [])].map((folder) => realpathSync(folder));
  if (!projects.some((folder) => isIn(file, folder)) || isIn(file, realpathSync(home))) {
    return `${flowFile} is not in the project of the working folder`;
  }
  const isFlow =
    /['"]raceway\/flow['"]/.test(source) && new RegExp(`\\bclass\\s+${RegExp.escape(flow)}\\b`).test(source);
  return isFlow ? undefined : `${flowFile} does not define ${flow}`;
}

function isIn(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return path !== '' && !path.startsWith('..') && resolve(folder, path) === file;
}
