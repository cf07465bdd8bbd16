import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { OWN_FOLDER } from '../core/own-folder.ts';
import type { ExceptionRecord } from '../store/run-store.ts';

/** How many causes of an error are told. */
const MAX_CAUSES = 10;

/**
 * What a step threw, as data. Anything can be thrown; it becomes a name, a message and the user's own frames, in which
 * `this` is called by the name of the flow. Never throws, also when what was thrown does as soon as it is looked at.
 */
export function recordException(thrown: unknown, flow: string): ExceptionRecord {
  if (!isError(thrown)) return { name: 'thrown value', message: textOf(thrown), stack: '' };
  const lines = [...userFrames(thrown, flow)];
  let cause = read(thrown, 'cause');
  for (let count = 0; cause !== undefined && count < MAX_CAUSES; count++) {
    if (!isError(cause)) {
      lines.push(`Caused by ${show(cause)}`);
      break;
    }
    lines.push(`Caused by ${nameOf(cause)}: ${messageOf(cause)}`, ...userFrames(cause, flow));
    cause = read(cause, 'cause');
  }
  return { name: nameOf(thrown), message: messageOf(thrown), stack: lines.join('\n') };
}

/** `TypeError: no such thing`, then the frames, each on a line. */
export function formatException({ name, message, stack }: ExceptionRecord): string {
  return stack === '' ? `${name}: ${message}` : `${name}: ${message}\n${stack}`;
}

/** The frames of the user's code and packages, without Node's and this library's. */
function userFrames(error: Error, flow: string): readonly string[] {
  const whole = read(error, 'stack');
  const stack = typeof whole === 'string' ? whole : '';
  const message = messageOf(error);
  // The message stands before the first frame and may have lines that look like frames.
  const frames = stack.slice(Math.max(0, stack.indexOf(message)) + message.length).split('\n');
  return frames
    .filter((frame) => frame.startsWith('    at ') && !/[ (]node:/.test(frame) && !frame.includes(OWN_FOLDER))
    .map((frame) => frame.replace('Proxy.', `${flow}.`).replace(/file:\/\/.+?(?=:\d+:\d+\)?$)/, nearPath));
}

function nearPath(url: string): string {
  try {
    const path = fileURLToPath(url);
    const near = relative(process.cwd(), path);
    return near.startsWith('..') ? path : near;
  } catch {
    return url; // it is no path, or the working folder is gone
  }
}

function nameOf(error: Error): string {
  const name = read(error, 'name');
  return typeof name === 'string' ? name : 'Error';
}

function messageOf(error: Error): string {
  return textOf(read(error, 'message'));
}

/** A property of what was thrown, which may be anything; what reading it threw, when it did. */
function read(error: Error, property: 'name' | 'message' | 'stack' | 'cause'): unknown {
  try {
    return error[property];
  } catch (thrown) {
    return thrown;
  }
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false; // a proxy that does not tell what it is
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : show(value);
}

function show(value: unknown): string {
  try {
    return inspect(value);
  } catch {
    return 'what cannot be shown';
  }
}
