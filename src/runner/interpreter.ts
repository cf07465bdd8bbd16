import { extname } from 'node:path';

/**
 * How a flow file is executed and what is known of it.
 *
 * `native` is a flow script of raceway, whose options are all known; `foreign` is any other program that keeps the flow
 * protocol, and judges its options itself.
 */
export interface Interpreter {
  readonly kind: 'native' | 'foreign';
  /** What stands before the flow file on the command line. */
  readonly prefix: readonly string[];
  /** Variables that the child gets unless they are set already. */
  readonly env: Readonly<Record<string, string>>;
}

const NODE_EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs', '.cjs'];

/**
 * Chooses by the file's name: `.ts .mts .js .mjs .cjs` run on this Node, `.py` on `python3`, anything else is executed
 * itself.
 *
 * @param prefix replaces what would be chosen
 * @param compileCache folder for the compile cache of Node; none without it
 */
export function interpreterOf(
  flowFile: string,
  { prefix, compileCache }: { prefix?: readonly string[] | undefined; compileCache: string | undefined },
): Interpreter {
  const extension = extname(flowFile).toLowerCase();
  if (NODE_EXTENSIONS.includes(extension)) {
    return {
      kind: 'native',
      prefix: prefix ?? [process.execPath],
      env: compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache },
    };
  }
  if (extension === '.py') {
    // Python holds back what it prints to a file, and a reader would see it late.
    return { kind: 'foreign', prefix: prefix ?? ['python3'], env: { PYTHONUNBUFFERED: '1' } };
  }
  return { kind: 'foreign', prefix: prefix ?? [], env: {} };
}
