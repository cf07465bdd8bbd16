import type { Run } from '../client/run.ts';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import { Executing, type ExecutingParts } from './executing.ts';

/**
 * A run that a `Runner` started: its process, its output, and the run itself.
 *
 * @example
 * await using running = await runner.asyncRun({ seconds: 5 });
 * for await (const { line } of running.streamLog('stdout')) console.log(line);
 * console.log(running.status, await running.run.data.seconds);
 */
export class ExecutingRun<F extends FlowShape = AnyFlow> extends Executing<F> {
  /** The run in its home, refreshed when it ends. */
  readonly run: Run<F>;

  /** Made by `Runner`. */
  constructor(parts: ExecutingParts<F>) {
    super(parts);
    this.run = parts.run;
  }

  protected get subject(): Run<F> {
    return this.run;
  }
}
