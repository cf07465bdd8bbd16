import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { OWN_FOLDER } from '../core/own-folder.ts';
import type { ExceptionRecord } from '../store/run-store.ts';

/** What was thrown, as data. Anything can be thrown; it becomes a name, a message and the user's own frames. */
export function recordException(thrown: unknown): ExceptionRecord {
  if (!(thrown instanceof Error)) {
    return { name: 'thrown value', message: typeof thrown === 'string' ? thrown : inspect(thrown), stack: '' };
  }
  const causes: string[] = [];
  for (let cause = thrown.cause; cause !== undefined && causes.length < 10;) {
    causes.push(
      cause instanceof Error
        ? [`Caused by ${cause.name}: ${cause.message}`, ...userFrames(cause)].join('\n')
        : `Caused by ${inspect(cause)}`,
    );
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return {
    name: thrown.name,
    message: thrown.message,
    stack: [...userFrames(thrown), ...causes].join('\n'),
  };
}

/** `TypeError: no such thing`, then the frames, each on a line. */
export function formatException({ name, message, stack }: ExceptionRecord): string {
  return stack === '' ? `${name}: ${message}` : `${name}: ${message}\n${stack}`;
}

/** The frames of the user's code and packages, without Node's and this library's. */
function userFrames(error: Error): readonly string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  // The message may have lines that look like anything; V8 puts it in front of the first frame.
  const frames = stack.slice(stack.indexOf('\n    at ')).split('\n');
  return frames
    .filter((frame) => frame.startsWith('    at ') && !frame.includes('node:internal') && !frame.includes(OWN_FOLDER))
    .map((frame) => frame.replace(/file:\/\/[^\s)]+?(?=:\d+:\d+)/, relativePath));
}

function relativePath(url: string): string {
  const path = fileURLToPath(url);
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
