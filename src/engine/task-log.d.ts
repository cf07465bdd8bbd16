/** Receives whole lines as they come, without their line ends. */
export type LineSink = (lines: readonly string[]) => void;
/**
 * One log of a running attempt, as its run process follows it: the task and all it starts append to the file; every
 * `look` takes in what is new, hands on the whole lines, notes the time, and cuts what is too much.
 */
export declare class TaskLog {
  #private;
  constructor(
    file: string,
    {
      maxBytes,
      sink,
    }: {
      maxBytes: number;
      sink: LineSink;
    },
  );
  /** Takes in what was written since the last look; `false` when nothing was. */
  look(): boolean;
  /** The last look: hands on a line that has no end, and says so when something was cut. */
  close(): void;
}
