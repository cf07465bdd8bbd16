import type { Task } from '../client/task.ts';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import { Executing, type ExecutingParts } from './executing.ts';

/**
 * A single task that a `Runner` started with `spin`: its process, its output, and the task itself.
 *
 * @example
 * await using running = await runner.asyncSpin('train');
 * for await (const { line } of running.streamLog('stdout')) console.log(line);
 * console.log(running.status, running.task.exception?.stack);
 */
export class ExecutingTask<F extends FlowShape = AnyFlow> extends Executing<F> {
  /** The task in its home, refreshed when it ends. */
  readonly task: Task<F>;

  /** Made by `Runner`. */
  constructor(parts: ExecutingParts<F> & { readonly task: Task<F> }) {
    super(parts);
    this.task = parts.task;
  }

  protected get subject(): Task<F> {
    return this.task;
  }
}
