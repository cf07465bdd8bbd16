import { AsyncLocalStorage } from 'node:async_hooks';
import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { RacewayError } from '../core/errors.ts';
import { decodeText, decodeValue, encodeText } from '../store/encoding.ts';
import type { ArtifactRecord, TransitionRecord } from '../store/run-store.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { current, enterTask, leaveTask } from '../flow/current.ts';
import type { FlowClass } from '../flow/flow-spec.ts';
import { createTask, type JoinInput } from '../flow/task-instance.ts';
import type { Transition } from '../flow/transition.ts';
import { collectArtifacts } from './collect-artifacts.ts';
import { recordException } from './exception.ts';
import { lookAround } from './leftovers.ts';
import type { TaskOrder, TaskOutcome, WorkerMessage } from './messages.ts';
import { TaskContext } from './task-context.ts';

/** Serves tasks until the run process closes the channel or ends this process. Never settles. */
export function runWorker(flowClass: FlowClass): Promise<never> {
  const worker = new Worker(flowClass);
  Reflect.deleteProperty(process, 'send'); // the channel is not the flow's
  process.on('message', (message) => void worker.serve(message as TaskOrder));
  process.on('disconnect', () => process.exit());
  const blame = (thrown: unknown) => worker.blame(thrown);
  process.on('uncaughtException', blame);
  process.on('unhandledRejection', blame);
  announcePrinting();
  send({ type: 'ready' });
  void loadStore(); // while the first task is on its way
  return new Promise(() => {}); // the channel keeps the process alive
}

class Worker {
  readonly #flowClass: FlowClass;
  #store: SqliteStore | undefined;
  /** The task that whatever is running now was begun by, also when that task has ended. */
  readonly #begunBy = new AsyncLocalStorage<TaskOrder>();
  #running: { readonly order: TaskOrder; readonly fail: (thrown: unknown) => void } | undefined;
  #findLeftovers: (() => readonly string[]) | undefined;
  #isSpoilt = false;

  constructor(flowClass: FlowClass) {
    this.#flowClass = flowClass;
  }

  async serve(order: TaskOrder): Promise<void> {
    if (this.#isSpoilt) {
      send({ type: 'unusable', message: 'an earlier task failed after its end' });
      return;
    }
    try {
      this.#findLeftovers ??= lookAround(order.home);
      redirect(1, order.logs.stdout);
      redirect(2, order.logs.stderr);
    } catch (error) {
      send({ type: 'unusable', message: String(error) });
      return;
    }
    const failed = new Promise<never>((_, reject) => (this.#running = { order, fail: reject }));
    let outcome: TaskOutcome;
    try {
      outcome = await Promise.race([this.#begunBy.run(order, () => this.#do(order)), failed]);
      await Promise.race([setImmediate(), failed]); // Node reports a rejection that nobody awaited a turn later
    } catch (thrown) {
      outcome = { status: 'failed', exception: recordException(thrown, order.flow) };
    }
    this.#running = undefined;
    leaveTask();
    let leftovers = this.#findLeftovers();
    if (leftovers.length > 0) {
      await setImmediate(); // what was closed a moment ago takes a turn to be gone
      leftovers = this.#findLeftovers();
    }
    send({ type: 'done', outcome, leftovers: this.#isSpoilt ? ['a failure'] : leftovers });
    flushCompileCache(); // this process may be ended at any time from now on, which would leave nothing in the cache
  }

  /**
   * Something was thrown that nobody caught. The task that began it is to blame: the running one, or one that has ended
   * already. Of the latter it is told in the log that is open, and the next task should have another worker.
   */
  blame(thrown: unknown): void {
    const begunBy = this.#begunBy.getStore() ?? this.#running?.order;
    if (this.#running !== undefined && begunBy === this.#running.order) {
      this.#running.fail(thrown);
      return;
    }
    this.#isSpoilt = true;
    const who = begunBy === undefined ? 'outside any task' : `by ${begunBy.step}/${begunBy.taskId} after it had ended`;
    console.error(`Thrown ${who}:`, thrown);
  }

  async #do(order: TaskOrder): Promise<TaskOutcome> {
    const store = await this.#storeFor(order);
    using context = new TaskContext(order);
    enterTask(context);
    const inherited = byName(order.inherited);
    const inputs = (order.inputs ?? []).map((input) => ({ ...input, artifacts: byName(input.artifacts) }));
    const item = itemOf(order);
    const task = createTask(this.#flowClass, {
      parameters: decodeText(order.parameters) as Record<string, unknown>,
      inherited: [...inherited.keys()],
      load: loader(inherited, store),
      ...(item === undefined ? undefined : { item: { value: decodeText(item) } }),
      ...(order.inputs === undefined ? undefined : { inputs: inputs.map(toJoinInput(store)) }),
    });
    await task.run(order.step);
    const { artifacts, blobs } = collectArtifacts(task.fields(), { home: order.home, inherited, inputs });
    const transition = recordTransition(task.transition, order);
    return { status: 'successful', transition, artifacts, blobs, reads: { parameters: task.parameterReads } };
  }

  /** The store, for a task that inherits something: the first of a run does not, and need not wait for SQLite. */
  async #storeFor({ home, inherited, inputs = [] }: TaskOrder): Promise<SqliteStore | undefined> {
    if (inherited.length === 0 && inputs.length === 0) return undefined;
    const { openSqliteStore } = await loadStore();
    this.#store ??= openSqliteStore(home, { access: 'read' });
    return this.#store;
  }
}

type ArtifactsByName = ReadonlyMap<string, ArtifactRecord>;

function byName(artifacts: readonly ArtifactRecord[]): ArtifactsByName {
  return new Map(artifacts.map((artifact) => [artifact.name, artifact]));
}

function loader(artifacts: ArtifactsByName, store: SqliteStore | undefined): (name: string) => unknown {
  return (name) => {
    const artifact = artifacts.get(name);
    if (artifact === undefined || store === undefined) throw new Error(`${current.pathspec} inherits no ${name}`);
    return decodeValue(store.readBlobSync(artifact));
  };
}

function toJoinInput(store: SqliteStore | undefined) {
  return ({
    taskId,
    branch,
    artifacts,
  }: {
    taskId: string;
    branch: string;
    artifacts: ArtifactsByName;
  }): JoinInput => ({
    step: branch,
    taskId,
    // A field that a branch left undefined reads the same without, and so does not stand against another branch's value.
    names: [...artifacts.values()].filter(({ type }) => type !== 'undefined').map(({ name }) => name),
    load: loader(artifacts, store),
    sha256: (name) => artifacts.get(name)?.sha256 ?? '',
  });
}

/** The item of a foreach belongs to the step that its iteration begins with. */
function itemOf({ frames, step, inputs }: TaskOrder): string | undefined {
  const frame = frames.at(-1);
  return frame?.name === step && inputs === undefined ? frame.item : undefined;
}

/** @throws {RacewayError} `ARTIFACT` for an item that cannot be stored, `FLOW_DEFINITION` for too many of them */
function recordTransition(
  transition: Transition | undefined,
  { step, maxNumSplits }: TaskOrder,
): TransitionRecord | undefined {
  if (transition?.kind !== 'foreach') return transition && { kind: transition.kind, steps: transition.steps };
  const { kind, steps, items } = transition;
  if (items.length > maxNumSplits) {
    throw new RacewayError(
      'FLOW_DEFINITION',
      `the foreach of step ${step} has ${items.length} items, more than the ${maxNumSplits} that are allowed`,
      'Raise the limit with --max-num-splits, or go over fewer.',
    );
  }
  return { kind, steps, items: items.map((item, index) => encodeItem(item, { step, index })) };
}

function encodeItem(item: unknown, { step, index }: { step: string; index: number }): string {
  const encoded = encodeText(item);
  if (encoded.kind === 'encoded') return encoded.text;
  throw new RacewayError(
    'ARTIFACT',
    `item ${index} of the foreach of step ${step} cannot be stored: it holds ${encoded.what}`,
    'Go over data, such as names or numbers, and make the rest in the step that gets them.',
  );
}

function loadStore(): Promise<typeof import('../store/sqlite-store.ts')> {
  return import('../store/sqlite-store.ts');
}

/**
 * Turns a standard stream of this process, and of what it starts from now on, to another file: the number that `close`
 * frees is the one `open` takes.
 */
function redirect(descriptor: 1 | 2, file: string): void {
  try {
    closeSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error; // an earlier task closed it
  }
  const opened = openSync(file, 'a', 0o600);
  if (opened === descriptor) return;
  closeSync(opened); // a thread of the pool was faster
  throw new Error(`could not turn descriptor ${descriptor} to ${file}`);
}

/** Tells the run process to look at the log, at most every few milliseconds: it also looks by itself, less often. */
function announcePrinting(): void {
  const INTERVAL_MS = 5;
  let last = -Infinity;
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...parameters: unknown[]) => boolean;
    stream.write = (...parameters: unknown[]) => {
      const result = write(...parameters);
      const now = performance.now();
      if (now - last >= INTERVAL_MS) {
        last = now;
        send({ type: 'printed' });
      }
      return result;
    };
  }
}

const sendToRunProcess = process.send?.bind(process);

function send(message: WorkerMessage): void {
  if (process.connected) sendToRunProcess?.(message, () => {}); // the run process is gone: `disconnect` follows
}
