const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time span in milliseconds from text: `90`, `90s`, `1.5m`, `2h`, `1d`, `500ms`. Seconds when no unit is given. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (match === null) return undefined;
  const unit = (match[2] ?? 's') as keyof typeof UNITS_MS;
  const durationMs = Number(match[1]) * UNITS_MS[unit];
  return Number.isFinite(durationMs) ? durationMs : undefined;
}
