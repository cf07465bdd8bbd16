import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CurrentTask, findTaskBy } from '../flow/current.ts';

/** What `current` is to say of the run, where a step under test depends on it. */
export interface CurrentValues {
  /** @default 'test' */
  readonly runId?: string | undefined;
  /** @default 0 */
  readonly retryCount?: number | undefined;
  /** @default undefined */
  readonly originRunId?: string | undefined;
  /** @default 'test' */
  readonly username?: string | undefined;
  /** @default [] */
  readonly tags?: readonly string[] | undefined;
}

/** What `current` shows to a task that a test runs. */
export class TestContext implements CurrentTask, Disposable {
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
  #signal: AbortSignal | undefined;
  #tempdir: string | undefined;

  constructor(
    task: Pick<CurrentTask, 'flowName' | 'stepName' | 'taskId' | 'foreachStack'>,
    { values, signal }: { values: CurrentValues; signal: AbortSignal | undefined },
  ) {
    this.flowName = task.flowName;
    this.stepName = task.stepName;
    this.taskId = task.taskId;
    this.foreachStack = task.foreachStack;
    this.index = task.foreachStack.at(-1)?.index;
    this.runId = values.runId ?? 'test';
    this.retryCount = values.retryCount ?? 0;
    this.originRunId = values.originRunId;
    this.username = values.username ?? 'test';
    this.tags = values.tags ?? [];
    this.#signal = signal;
  }

  /** Runs `work` with `current` speaking of this task, in all that `work` awaits, and of no task afterwards. */
  async around<Result>(work: () => Promise<Result>): Promise<Result> {
    const place: Place = { task: this };
    try {
      return await places.run(place, work);
    } finally {
      place.task = undefined;
    }
  }

  /** One of its own if the test gave none: a signal warns of too many listeners. */
  signal(): AbortSignal {
    return (this.#signal ??= new AbortController().signal);
  }

  /** Made when first asked for. */
  tempdir(): string {
    return (this.#tempdir ??= mkdtempSync(join(tmpdir(), 'raceway-test-')));
  }

  [Symbol.dispose](): void {
    if (this.#tempdir !== undefined) rmSync(this.#tempdir, { recursive: true, force: true });
  }
}

/** Where code runs: in a task, or in what a task left running when it ended. */
interface Place {
  task: CurrentTask | undefined;
}

// Concurrent tests run tasks at the same time in one process, where a worker has one at a time.
const places = new AsyncLocalStorage<Place>();
findTaskBy(() => places.getStore()?.task);
