/** What `programs/reads-lines.ts` found. */
export interface LinesRead {
  readonly event: 'read';
  readonly status: string;
  readonly stderr: string;
  /** How many numbered lines came. */
  readonly lines: number;
  /** The number of the last one. */
  readonly last: number;
  /** Whether a line said that lines may be missing after it. */
  readonly isGapTold: boolean;
  /** The first line that was not the one to come next, or did not stand where the one before had said. */
  readonly wrong?: string | undefined;
  /** Where the reading ended. */
  readonly position: number;
  /** How much the run wrote to its stdout. */
  readonly sizeBytes: number;
  /** The most memory that the reading process had. */
  readonly peakMegabytes: number;
}
