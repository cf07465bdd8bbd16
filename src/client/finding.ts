/** What a check of a home is about. */
export type FindingKind =
  | 'artifacts'
  | 'database'
  | 'disk'
  | 'file-system'
  | 'leftovers'
  | 'logs'
  | 'lost-runs'
  | 'permissions'
  | 'put-aside'
  | 'wal';

/** Something about a home that is not as it should be. */
export interface Finding {
  readonly kind: FindingKind;
  /** An `error` keeps raceway from working, or something from being read; a `note` is good to know. */
  readonly severity: 'error' | 'note';
  /** One line. */
  readonly what: string;
  /** What mends it, one line; it is what `mend` does, where that is there. */
  readonly remedy: string;
  /** Mends it without losing what could be kept. Resolves with what was done, and what was lost all the same. */
  readonly mend?: (() => Promise<string>) | undefined;
}

/** The first of several things, and how many more there are. */
export function listed(paths: readonly string[]): string {
  const [first = ''] = paths;
  return paths.length === 1 ? first : `${first} and ${paths.length - 1} more`;
}
