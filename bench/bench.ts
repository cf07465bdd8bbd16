import type { Report } from './report.ts';

/** What a question is answered with. */
export interface Bench {
  readonly report: Report;
  /** Chooses between what the full bench does and what the bounded one does. */
  readonly pick: <T>(full: T, bounded: T) => T;
}
