import { parseDuration } from '../core/duration.ts';
import { InvalidOptionError } from '../core/errors.ts';

/**
 * A point in time from `2d` (two days ago), `2026-11-21` (when that day began here) or `2026-11-21T10:00`.
 *
 * @param option its name, for the error
 * @throws {InvalidOptionError} when it is neither
 */
export function parseSince(text: string, option: string): Date {
  const agoMs = parseDuration(text);
  const time = agoMs === undefined ? parseTime(text) : new Date(Date.now() - agoMs);
  if (time !== undefined && !Number.isNaN(time.getTime())) return time;
  throw new InvalidOptionError(
    { option, expected: 'a time span or a date', received: text },
    `--${option} cannot be ${JSON.stringify(text)}`,
    'Give how long ago (90s, 15m, 2h, 7d) or a date (2026-11-21, 2026-11-21T10:00).',
  );
}

function parseTime(text: string): Date | undefined {
  if (!isDay(text.slice(0, 'yyyy-mm-dd'.length))) return undefined;
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return new Date(`${text}T00:00`); // without a time it would be taken for UTC
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) ? new Date(text.replace(' ', 'T')) : undefined;
}

/** A day that its month does not have would be taken for one of the next. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
