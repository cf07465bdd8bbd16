import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { RacewayError } from '../core/errors.ts';
import { isFull } from '../core/is-full.ts';
import { doctorCommand } from './doctor-command.ts';

/** Every error of SQLite that has a cause outside the program passes here: it says which file, why, and what to do. */
export function explained<T>(file: string, what: 'open' | 'use', work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof RacewayError) throw cause;
    const known = cause instanceof RangeError ? FOREIGN : causeOf(cause, file); // a number that JavaScript cannot hold
    if (known === undefined && what === 'use') throw cause; // a mistake of the program
    const message =
      (known === NOT_OPENED ? refusalOf(file) : undefined) ??
      `${cause instanceof Error ? cause.message : String(cause)}${detailOf(cause)}`;
    throw new RacewayError(
      'HOME',
      `cannot ${what} the database ${file}: ${known?.reason === undefined ? message : `${known.reason} (${message})`}`,
      known?.advice(file) ??
        'Check that the file is readable, or give another folder with --home, RACEWAY_HOME or the option home.',
      { cause },
    );
  }
}

interface Cause {
  /** When what SQLite says is not enough. */
  readonly reason?: string;
  readonly advice: (file: string) => string;
}

const DAMAGED: Cause = {
  reason: 'it is damaged',
  advice: (file) => `To find out what can be saved: ${doctorCommand(file)}`,
};
const NOT_OPENED: Cause = {
  reason: 'it, or the folder it is in, cannot be read or written to',
  advice: (file) => `See that it is there and that you may write to it. To look into it: ${doctorCommand(file)}`,
};

const FOREIGN: Cause = {
  advice: (file) =>
    `It is damaged, or was not written by raceway: give another folder with --home, RACEWAY_HOME or the option home, or look into it: ${doctorCommand(file)}`,
};

const FAILED_CODE = 10;
const FULL_CODE = 13;
const CONSTRAINT_CODE = 19;
const MISMATCH_CODE = 20;

/** What the primary result codes of SQLite mean that do not speak of a mistake of the program. */
const CAUSES: ReadonlyMap<number | undefined, Cause> = new Map<number | undefined, Cause>([
  [1, FOREIGN], // no such table, malformed JSON
  [
    5, // nobody needs the lock for long: who keeps it for a minute was stopped inside a transaction, as with Ctrl-Z
    {
      reason: 'another process has locked it and does not go on',
      advice: () =>
        'Find the one that was stopped (state T in ps) and let it go on (kill -CONT) or end it. Then resume the run.',
    },
  ],
  [
    8,
    {
      reason: 'it cannot be written to',
      advice: (file) => `Get the right to write to it, or another home. To look into it: ${doctorCommand(file)}`,
    },
  ],
  [
    FAILED_CODE,
    {
      reason: 'the disk failed or the file is gone',
      advice: (file) => `See to the disk, then look into it: ${doctorCommand(file)}`,
    },
  ],
  [11, DAMAGED],
  [
    FULL_CODE,
    { reason: 'the disk is full', advice: () => 'Make room (raceway rm and raceway gc do), then resume the run.' },
  ],
  [14, NOT_OPENED],
  [18, FOREIGN], // too big
  [CONSTRAINT_CODE, FOREIGN],
  [MISMATCH_CODE, FOREIGN],
  [26, DAMAGED],
]);

/** SQLite says that the disk failed, too, when it could not make the file larger that its processes share (`-shm`). */
function causeOf(error: unknown, file: string): Cause | undefined {
  const code = primaryCode(error);
  return CAUSES.get(code === FAILED_CODE && isFull(dirname(file)) ? FULL_CODE : code);
}

/** Whether a row was refused because of what it is, and not because the database cannot be written. */
export function isRefusedRow(error: unknown): boolean {
  const code = primaryCode(error instanceof RacewayError ? error.cause : error);
  return code === CONSTRAINT_CODE || code === MISMATCH_CODE;
}

/** `ERR_SQLITE_ERROR` has the extended code of SQLite, the low byte of which is the primary one. */
function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode & 0xff;
}

/** Of a failed disk SQLite says in a number only what it was at. */
function detailOf(error: unknown): string {
  const isKnown = primaryCode(error) === FAILED_CODE && error instanceof Error && 'errcode' in error;
  return isKnown ? `, SQLite's code ${String(error.errcode)}` : '';
}

/** How many files SQLite opens for a database. */
const OPEN_FILES = 4;

/**
 * SQLite does not say why a file could not be opened. The system does. The file itself is not opened for that: closing it
 * would take away the locks that this process has on it.
 */
function refusalOf(file: string): string | undefined {
  const descriptors: number[] = [];
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.R_OK); // it may have been about to be made
    for (let count = 0; count < OPEN_FILES; count += 1) descriptors.push(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}
