import { fileURLToPath } from 'node:url';
import { OWN_FOLDER } from '../core/own-folder.ts';
import type { SourceLocation } from './source-location.ts';

/** Where in the user's code an error came from, if its stack tells. */
export function userFrame(error: unknown): SourceLocation | undefined {
  const stack = error instanceof Error ? error.stack : undefined;
  for (const frame of stack?.split('\n') ?? []) {
    const [, place, line] = /^ +at (?:.*\()?(.+?):(\d+):\d+\)?$/.exec(frame) ?? [];
    if (place === undefined || place.startsWith('node:')) continue;
    const file = place.startsWith('file://') ? fileURLToPath(place) : place;
    if (!place.startsWith(OWN_FOLDER)) return { file, line: Number(line) };
  }
  return undefined;
}
