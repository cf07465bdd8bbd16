import { existsSync } from 'node:fs';
import { RacewayError } from '../core/errors.ts';

const FULL: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file has grown as large as it may (ulimit -f)',
};

const FORBIDDEN: ReadonlySet<string> = new Set(['EROFS', 'EACCES', 'EPERM']);

/** For folders that cannot be removed Node gives no code. */
const READ_ONLY = /read-only file system/i;

/**
 * What the system says when something in a home cannot be written or is gone, in words: what could not be done, why, and
 * what to do next.
 *
 * @param what what could not be done, as in `cannot write the artifact file …`
 * @param options.next what to do once that is mended; default `resume the run`
 */
export function homeError(
  what: string,
  { home, cause, next = 'resume the run' }: { home: string; cause: unknown; next?: string | undefined },
): RacewayError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = READ_ONLY.test(message) ? 'EROFS' : String((cause as NodeJS.ErrnoException | undefined)?.code);
  const [why, advice] = explain(code, { home, next });
  return new RacewayError('HOME', `${what}: ${why === undefined ? message : `${why} (${message})`}`, advice, { cause });
}

function explain(code: string, { home, next }: { home: string; next: string }): readonly [string | undefined, string] {
  if (!existsSync(home)) {
    return [
      `the home ${home} was removed or moved while it was in use`,
      `Bring it back, then ${next}. If it is gone for good, so are its runs: run the flow anew.`,
    ];
  }
  if (FULL[code] !== undefined) return [FULL[code], `Make room for the home ${home}, then ${next}.`];
  if (FORBIDDEN.has(code)) {
    return [`the home ${home} may not be written to`, `Let this user write to it and all that is in it, then ${next}.`];
  }
  if (code === 'ENOENT') {
    return [
      `something in the home ${home} was removed while it was in use`,
      `Bring it back if you can, and leave what is in it alone while runs go on. Then ${next}.`,
    ];
  }
  return [undefined, `Mend that, then ${next}.`];
}
