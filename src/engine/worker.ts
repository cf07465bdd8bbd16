import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { prepareBlob } from '../store/artifact-files.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { current, enterTask, leaveTask } from '../flow/current.ts';
import type { FlowClass } from '../flow/flow-spec.ts';
import type { DefinedDecorator } from '../flow/decorator.ts';
import { recordException } from './exception.ts';
import { executeTask, type TaskContent } from './execute-task.ts';
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
  #added: readonly DefinedDecorator[] | undefined;
  #fail: ((thrown: unknown) => void) | undefined;
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
      redirect(1, order.logs.stdout);
      redirect(2, order.logs.stderr);
    } catch (error) {
      send({ type: 'unusable', message: String(error) });
      return;
    }
    const findLeftovers = lookAround();
    const restoreEnvironment = setEnvironment(order.environment);
    const failed = new Promise<never>((_, reject) => (this.#fail = reject));
    let outcome: TaskOutcome;
    try {
      outcome = await Promise.race([this.#do(order), failed]);
      await Promise.race([setImmediate(), failed]); // Node reports a rejection that nobody awaited a turn later
    } catch (thrown) {
      outcome = { status: 'failed', exception: recordException(thrown, order.flow) };
    }
    this.#fail = undefined;
    restoreEnvironment();
    leaveTask();
    send({ type: 'done', outcome, leftovers: findLeftovers() });
    flushCompileCache(); // this process may be ended at any time from now on, which would leave nothing in the cache
  }

  /**
   * Something was thrown that nobody caught. The running task is to blame; when there is none, one that has ended already
   * is, in whose log it is told, and the next task should have another worker.
   */
  blame(thrown: unknown): void {
    if (this.#fail !== undefined) {
      this.#fail(thrown);
      return;
    }
    this.#isSpoilt = true;
    console.error('Thrown after the task had ended:', thrown);
  }

  async #do(order: TaskOrder): Promise<TaskOutcome> {
    const store = await this.#storeFor(order);
    using context = new TaskContext(order);
    enterTask(context);
    const content: TaskContent = {
      read: (blob) => {
        if (store === undefined) throw new Error(`${current.pathspec} inherits nothing`);
        return store.readBlobSync(blob);
      },
      prepare: (parts) => prepareBlob(order.home, parts),
    };
    return await executeTask(this.#flowClass, order, { content, with: await this.#decorators(order.with) });
  }

  async #decorators(specs: readonly string[]): Promise<readonly DefinedDecorator[]> {
    if (specs.length === 0) return [];
    // The same for every task of the run.
    this.#added ??= (await import('../flow/with-specs.ts')).readWithSpecs(specs);
    return this.#added;
  }

  /** The store, for a task that inherits something: the first of a run does not, and need not wait for SQLite. */
  async #storeFor({ home, inherited, inputs = [] }: TaskOrder): Promise<SqliteStore | undefined> {
    if (inherited.length === 0 && inputs.length === 0) return undefined;
    const { openSqliteStore } = await loadStore();
    this.#store ??= openSqliteStore(home, { access: 'read' });
    return this.#store;
  }
}

/** Sets variables, and returns what makes them as they were. */
function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
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
