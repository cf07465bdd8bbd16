import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** What keeps this process from looking at what is there, for now: no descriptor, no memory, no process for `ps`. */
const WANTS: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN']);

/**
 * Whether an error says that this process cannot look at present, and nothing of what it wanted to look at. To take that for
 * an end would make a dead process of a live one.
 */
export function cannotLook(error: unknown): boolean {
  return error instanceof Error && 'code' in error && WANTS.has(error.code);
}

/** Given up for a moment when there is no other descriptor left to look by. */
let spare: number | undefined;

/**
 * What the system tells of a process, or `undefined` when there is no such thing, or it is another user's. Whoever reads
 * `/proc` does it by way of this.
 *
 * From the first look on a descriptor is set aside for it, so that a process that has too many files open still sees what
 * becomes of those that it has to end.
 *
 * @param at reads something at once, with one descriptor at a time
 * @throws what the system says when this process cannot look at present (`cannotLook`)
 */
export function look<T>(at: () => T): T | undefined {
  spare ??= openSpare();
  try {
    return at();
  } catch (error) {
    if (!cannotLook(error)) return undefined;
    if (spare === undefined) throw error;
  }
  closeSync(spare);
  try {
    return at();
  } catch (error) {
    if (cannotLook(error)) throw error;
    return undefined;
  } finally {
    spare = openSpare();
  }
}

function openSpare(): number | undefined {
  try {
    return openSync(devNull, 'r');
  } catch {
    return undefined; // the next look tries again
  }
}
