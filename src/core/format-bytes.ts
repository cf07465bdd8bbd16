const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** A size for people, in powers of a thousand: `1 B`, `64.0 kB`, `1.5 GB`. */
export function formatBytes(sizeBytes: number): string {
  if (sizeBytes < 1000) return `${sizeBytes} B`;
  const power = Math.min(Math.floor(Math.log10(sizeBytes) / 3), UNITS.length);
  return `${(sizeBytes / 1000 ** power).toFixed(1)} ${UNITS[power - 1] ?? ''}`;
}
