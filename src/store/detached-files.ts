import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AttributeFile, parseAttributes } from '../core/attributes.ts';
import type { ProcessIdentity } from '../core/process-identity.ts';
import { isProcess } from './record-shapes.ts';

/** What the files in the folder of a detached run are called. */
export const DETACHED_FILES = {
  /** The announcement of the run. */
  attributes: 'attributes.json',
  /** Where the run's process is to be found: has an `identity`. */
  process: 'process.json',
  /** Who is starting the run: has an `identity`; written before anything else. */
  starter: 'starter.json',
  /** What the run's process wrote to stderr. */
  stderr: 'stderr.log',
} as const;

/** What a detached run has announced of itself. */
export function readAnnouncement(folder: string): AttributeFile {
  return parseAttributes(textOf(join(folder, DETACHED_FILES.attributes)));
}

/** The identity that one of the files holds; `undefined` when it is not there yet, or is none of raceway's making. */
export function readIdentity(folder: string, file: 'process' | 'starter'): ProcessIdentity | undefined {
  try {
    const { identity } = JSON.parse(textOf(join(folder, DETACHED_FILES[file]))) as { identity?: unknown };
    return isProcess(identity) ? identity : undefined;
  } catch {
    return undefined;
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
