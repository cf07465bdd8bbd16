import type { Run } from '../client/run.ts';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import type { ExecutingRun } from './executing-run.ts';

/**
 * What became of one row of `runner.map`; a union by `kind`, and `run`, `running` and `error` tell the kinds apart as well.
 *
 * @example
 * for await (const { parameters, run, error } of runner.map(rows)) {
 *   if (run === undefined) console.error(parameters, error.message);
 *   else if (run.successful) console.log(parameters, await run.data.score);
 * }
 */
export type MapResult<F extends FlowShape = AnyFlow, R extends object = Readonly<Record<string, unknown>>> =
  EndedRow<F, R> | SkippedRow<F, R> | RowNotStarted<R>;

/** The results of a sweep, each as soon as its run has ended. Leaving it ends the runs that are in flight. */
export interface MapResults<F extends FlowShape = AnyFlow, R extends object = Readonly<Record<string, unknown>>>
  extends AsyncIterableIterator<MapResult<F, R>, undefined, undefined>, AsyncDisposable {
  /** Ends the runs that are in flight, all at once as `kill()` does; resolves when nothing of them is left. */
  return(): Promise<IteratorResult<MapResult<F, R>, undefined>>;
  [Symbol.asyncIterator](): MapResults<F, R>;
}

/** What is known of every row. */
interface Row<R> {
  /** Its place among the rows, from 0. */
  readonly index: number;
  /** The row itself. */
  readonly parameters: R;
}

/** A run was started for the row, and it has ended, successful or not. */
interface EndedRow<F extends FlowShape, R> extends Row<R> {
  readonly kind: 'ended';
  readonly running: ExecutingRun<F>;
  /** The same as `running.run`. */
  readonly run: Run<F>;
  readonly error: undefined;
}

/** The row is of a batch, and an earlier run of it succeeded. */
interface SkippedRow<F extends FlowShape, R> extends Row<R> {
  readonly kind: 'skipped';
  readonly running: undefined;
  /** The run that succeeded. */
  readonly run: Run<F>;
  readonly error: undefined;
}

/** There is no run, and why. */
interface RowNotStarted<R> extends Row<R> {
  readonly kind: 'not-started';
  readonly running: undefined;
  readonly run: undefined;
  /** What `asyncRun()` would have thrown. */
  readonly error: Error;
}
