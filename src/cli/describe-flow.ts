import { execFile } from 'node:child_process';
import { compileCacheFolder } from '../core/compile-cache.ts';

/** A flow that takes longer to say what it is has other troubles. */
const DESCRIBE_TIMEOUT_MS = 20_000;

const OUTPUT_BYTES_MAX = 64_000_000;

/** What a flow script says of itself. */
export interface DescribedFlow {
  readonly flow: string;
  /** The hashes of their sources, by the names of the steps; `undefined` when it does not tell without parameters. */
  readonly steps: ReadonlyMap<string, string> | undefined;
  readonly secrets: readonly SecretParameter[];
}

/** A parameter whose value no run keeps. */
export interface SecretParameter {
  readonly name: string;
  readonly isRequired: boolean;
}

/**
 * Asks a flow script what it is, in a process of its own. That executes the script: see `distrust`.
 *
 * @param flowFile absolute
 * @returns why it does not say it, when it does not
 */
export function describeFlow(flowFile: string): Promise<DescribedFlow | { readonly why: string }> {
  const { promise, resolve: settle } = Promise.withResolvers<DescribedFlow | { readonly why: string }>();
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
      const said = whatItSaid(stderr);
      settle(described ?? { why: `${flowFile} does not say what it is${said === undefined ? '' : `: ${said}`}` });
    },
  );
  return promise;
}

/**
 * What matters of what a script wrote that could not even be loaded: the line of the error, with its place. Node writes
 * its own place, the line of source and a caret in front of it, and its own frames behind.
 */
function whatItSaid(stderr: string): string | undefined {
  const lines = stderr.split('\n').map((line) => line.trim());
  const error = lines.findIndex((line) => /^(?:Uncaught )?[\w.]*Error(?: \[\w+\])?: ./.test(line));
  if (error === -1) return lines.find((line) => line !== '' && !line.startsWith('node:'));
  const before = lines.slice(0, error).find((line) => /^(?:file:\/\/|\/).+:\d+$/.test(line));
  const frame = lines.slice(error + 1).find((line) => line.startsWith('at ') && !line.includes('node:'));
  const place = before ?? (frame && (/\((.+)\)$/.exec(frame)?.[1] ?? frame.replace(/^at (?:async )?/, '')));
  return place === undefined ? lines[error] : `${lines[error]} (${place.replace(/^file:\/\//, '')})`;
}

function parseDescription(text: string): DescribedFlow | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text.slice(text.search(/^\{$/m))); // the flow's module may have printed something before
  } catch {
    return undefined;
  }
  const { flow, steps, parameters } = asObject(content);
  if (typeof flow !== 'string') return undefined;
  const { properties, required } = asObject(parameters);
  const secrets = Object.entries(asObject(properties))
    .filter(([, schema]) => asObject(schema)['writeOnly'] === true)
    .map(([name]) => ({ name, isRequired: Array.isArray(required) && required.includes(name) }));
  if (!Array.isArray(steps)) return { flow, steps: undefined, secrets };
  const entries = steps.map((step) => {
    const { name, sourceSha256 } = asObject(step);
    return [String(name), String(sourceSha256)] as const;
  });
  return { flow, steps: new Map(entries), secrets };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}
