import { execFile } from 'node:child_process';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import { findHome } from '../client/home.ts';
import { compileCacheFolder } from '../core/compile-cache.ts';

/** A flow that takes longer to say what it is has other troubles. */
const DESCRIBE_TIMEOUT_MS = 20_000;

const OUTPUT_BYTES_MAX = 64_000_000;

const EXTENSIONS: readonly string[] = ['.ts', '.mts', '.js', '.mjs', '.cjs'];

/** What is known of the source of a step, compared with what a run executed. */
export type SourceChange =
  | { readonly kind: 'changed' }
  | { readonly kind: 'unchanged' }
  /** The flow has no such step any more. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown'; readonly why: string };

export interface SourceQuery {
  /** Absolute. */
  readonly flowFile: string;
  readonly flow: string;
  readonly step: string;
  readonly sourceSha256: string;
}

/**
 * Whether the source of a step is another one now: the flow script is asked to describe itself, in a process of its own.
 */
export async function sourceChange({ flowFile, flow, step, sourceSha256 }: SourceQuery): Promise<SourceChange> {
  const described = await describe(flowFile);
  if ('why' in described) return { kind: 'unknown', why: described.why };
  if (described.flow !== flow) return { kind: 'unknown', why: `${flowFile} holds ${described.flow} now` };
  if (described.steps === undefined)
    return { kind: 'unknown', why: `${flowFile} does not tell its steps without parameters` };
  const now = described.steps.get(step);
  if (now === undefined) return { kind: 'gone' };
  return { kind: now === sourceSha256 ? 'unchanged' : 'changed' };
}

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

interface Described {
  readonly flow: string;
  readonly steps: ReadonlyMap<string, string> | undefined;
}

function describe(flowFile: string): Promise<Described | { readonly why: string }> {
  const { promise, resolve: settle } = Promise.withResolvers<Described | { readonly why: string }>();
  execFile(
    process.execPath,
    [flowFile, 'describe'],
    {
      timeout: DESCRIBE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: OUTPUT_BYTES_MAX,
      env: { ...process.env, NODE_COMPILE_CACHE: compileCacheFolder() },
    },
    (error, stdout, stderr) => {
      const described = error === null ? parseDescription(stdout) : undefined;
      const said = stderr.trim().split('\n')[0] ?? '';
      settle(described ?? { why: `${flowFile} does not say what it is${said === '' ? '' : `: ${said}`}` });
    },
  );
  return promise;
}

function parseDescription(text: string): Described | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text.slice(text.search(/^\{$/m))); // the flow's module may have printed something before
  } catch {
    return undefined;
  }
  const { flow, steps } = content as { flow?: unknown; steps?: unknown };
  if (typeof flow !== 'string') return undefined;
  if (!Array.isArray(steps)) return { flow, steps: undefined };
  const entries = steps.map((step) => {
    const { name, sourceSha256 } = step as { name?: unknown; sourceSha256?: unknown };
    return [String(name), String(sourceSha256)] as const;
  });
  return { flow, steps: new Map(entries) };
}
