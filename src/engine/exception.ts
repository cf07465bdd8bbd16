import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { OWN_FOLDER } from '../core/own-folder.ts';
import type { ExceptionRecord } from '../store/run-store.ts';

/** How many causes of an error are told. */
const MAX_CAUSES = 10;

/**
 * What a step threw, as data. Anything can be thrown; it becomes a name, a message and the user's own frames, in which
 * `this` is called by the name of the flow.
 */
export function recordException(thrown: unknown, flow: string): ExceptionRecord {
  if (!(thrown instanceof Error)) {
    return { name: 'thrown value', message: typeof thrown === 'string' ? thrown : inspect(thrown), stack: '' };
  }
  const lines = [...userFrames(thrown, flow)];
  let cause = thrown.cause;
  for (let count = 0; cause !== undefined && count < MAX_CAUSES; count++) {
    if (!(cause instanceof Error)) {
      lines.push(`Caused by ${inspect(cause)}`);
      break;
    }
    lines.push(`Caused by ${cause.name}: ${cause.message}`, ...userFrames(cause, flow));
    cause = cause.cause;
  }
  return { name: thrown.name, message: thrown.message, stack: lines.join('\n') };
}

/** `TypeError: no such thing`, then the frames, each on a line. */
export function formatException({ name, message, stack }: ExceptionRecord): string {
  return stack === '' ? `${name}: ${message}` : `${name}: ${message}\n${stack}`;
}

/** The frames of the user's code and packages, without Node's and this library's. */
function userFrames(error: Error, flow: string): readonly string[] {
  const stack = typeof error.stack === 'string' ? error.stack : '';
  // The message stands before the first frame and may have lines that look like frames.
  const frames = stack.slice(Math.max(0, stack.indexOf(error.message)) + error.message.length).split('\n');
  return frames
    .filter((frame) => frame.startsWith('    at ') && !/[ (]node:/.test(frame) && !frame.includes(OWN_FOLDER))
    .map((frame) => frame.replace('Proxy.', `${flow}.`).replace(/file:\/\/.+?(?=:\d+:\d+\)?$)/, nearPath));
}

function nearPath(url: string): string {
  const path = fileURLToPath(url);
  const near = relative(process.cwd(), path);
  return near.startsWith('..') ? path : near;
}
