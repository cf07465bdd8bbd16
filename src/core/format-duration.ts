const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A time span for people, in two units at most: `0.4 s`, `12 s`, `3 m 20 s`, `2 h 5 m`, `4 d 1 h`. */
export function formatDuration(timeMs: number): string {
  if (timeMs < 10 * SECOND_MS) return `${(Math.max(0, timeMs) / SECOND_MS).toFixed(1)} s`;
  if (timeMs < MINUTE_MS) return `${Math.floor(timeMs / SECOND_MS)} s`;
  const [unit, name, part, partName] =
    timeMs < HOUR_MS
      ? ([MINUTE_MS, 'm', SECOND_MS, 's'] as const)
      : timeMs < DAY_MS
        ? ([HOUR_MS, 'h', MINUTE_MS, 'm'] as const)
        : ([DAY_MS, 'd', HOUR_MS, 'h'] as const);
  return `${Math.floor(timeMs / unit)} ${name} ${Math.floor((timeMs % unit) / part)} ${partName}`;
}
