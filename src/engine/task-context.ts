import type { CurrentTask } from '../flow/current.ts';
import { makeFolderInHome } from '../store/home-folder.ts';
import { foreachStack } from './foreach-stack.ts';
import type { TaskOrder } from './messages.ts';
import type { TaskCards } from './task-cards.ts';

/** What `current` shows to a task. */
export class TaskContext implements CurrentTask, Disposable {
  readonly flowName: string;
  readonly runId: string;
  readonly stepName: string;
  readonly taskId: string;
  readonly retryCount: number;
  readonly originRunId: string | undefined;
  readonly username: string;
  readonly tags: readonly string[];
  readonly index: number | undefined;
  readonly foreachStack: CurrentTask['foreachStack'];
  readonly card: TaskCards;
  readonly #stop = new AbortController();
  readonly #home: string;
  readonly #tempdir: string;
  #listens = false;

  constructor(order: TaskOrder, card: TaskCards) {
    this.card = card;
    this.flowName = order.flow;
    this.runId = order.runId;
    this.stepName = order.step;
    this.taskId = order.taskId;
    this.retryCount = order.attempt;
    this.originRunId = order.originRunId;
    this.username = order.user;
    this.tags = order.tags;
    this.foreachStack = foreachStack(order.frames);
    this.index = this.foreachStack.at(-1)?.index;
    this.#home = order.home;
    this.#tempdir = order.tempdir;
  }

  /**
   * Whoever asks for the signal wants to be warned, and from then on SIGTERM no longer ends the process by itself. A
   * task that never asks is ended by the same SIGTERM at once, even in the middle of a loop.
   */
  signal(): AbortSignal {
    if (!this.#listens) process.on('SIGTERM', this.#abort);
    this.#listens = true;
    return this.#stop.signal;
  }

  /** Made when first asked for; the run process removes it, however the task ends. */
  tempdir(): string {
    makeFolderInHome(this.#home, this.#tempdir);
    return this.#tempdir;
  }

  [Symbol.dispose](): void {
    process.off('SIGTERM', this.#abort);
  }

  readonly #abort = (): void => this.#stop.abort(new Error('the task is to end'));
}
