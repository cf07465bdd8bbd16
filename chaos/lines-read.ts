/** What `programs/reads-lines.ts` found. */
export interface LinesRead {
  readonly event: 'read';
  readonly status: string;
  readonly stderr: string;
  /** How many numbered lines came. */
  readonly lines: number;
  /** The number of the last one. */
  readonly last: number;
  /** How often a line said that lines may be missing after it. */
  readonly gapsTold: number;
  /** Whether none came after the last of these, so that lines may be missing at the end. */
  readonly isEndOpen: boolean;
  /** By how many bytes the reader was behind what was written, at most. */
  readonly mostBehindBytes: number;
  /** Whether the run had ended while the reader had not come to the end. */
  readonly hasOutlasted: boolean;
  /**
   * The first line that was not the one to come next, or did not stand where the one before had said. That lines may be missing
   * holds for the place where it is said, and for no other.
   */
  readonly wrong?: string | undefined;
  /** Where the reading ended. */
  readonly position: number;
  /** How much the run wrote to its stdout. */
  readonly sizeBytes: number;
  /** The most memory that the reading process had. */
  readonly peakMegabytes: number;
}
