import { AsyncLocalStorage } from 'node:async_hooks';
import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setTimeout } from 'node:timers';
import { setImmediate } from 'node:timers/promises';
import { RacewayError } from '../core/errors.ts';
import { prepareBlob } from '../store/artifact-files.ts';
import { homeError } from '../store/home-error.ts';
import type { ArtifactRecord } from '../store/run-store.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { current, enterTask, leaveTask } from '../flow/current.ts';
import type { FlowClass } from '../flow/flow-spec.ts';
import { declarationsOf } from '../flow/declared-parameters.ts';
import type { DefinedDecorator } from '../flow/decorator.ts';
import { withoutSecrets } from '../flow/secret-values.ts';
import type { TaskInstance } from '../flow/task-instance.ts';
import { formatException, recordException } from './exception.ts';
import { executeTask, type TaskContent } from './execute-task.ts';
import { lookAround } from './leftovers.ts';
import type { OrderMessage, RunFacts, TaskOrder, TaskOutcome, WorkerMessage } from './messages.ts';
import { OwnStat } from './own-stat.ts';
import { RunParameters } from './run-parameters.ts';
import { TaskCards } from './task-cards.ts';
import { TaskContext } from './task-context.ts';

/** Serves tasks until the run process closes the channel or ends this process. Never settles. */
export function runWorker(flowClass: FlowClass): Promise<never> {
  const worker = new Worker(flowClass);
  Reflect.deleteProperty(process, 'send'); // the channel is not the flow's
  process.on('message', (message) => worker.hear(message as OrderMessage));
  process.on('disconnect', () => process.exit());
  const blame = (thrown: unknown) => worker.blame(thrown);
  process.on('uncaughtException', blame);
  process.on('unhandledRejection', blame);
  announcePrinting((error) => worker.missPrinted(error));
  send({ type: 'ready' });
  void loadStore(); // while the first task is on its way
  return new Promise(() => {}); // the channel keeps the process alive
}

/** How long a task may go on after what an earlier one had begun has failed. */
const SUSPICION_MS = 5000;

/** What a disk says, and not a stream that the task itself has closed. */
const DISK_ERRORS: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO']);

/** The exit status of a worker that cannot say what has become of its task. */
const UNTOLD_STATUS = 70;

/** What cards tell of an attempt, as it comes to be known. */
interface TaskTold {
  readonly startedAt: number;
  readonly cards: TaskCards;
  task: TaskInstance | undefined;
}

class Worker {
  readonly #flowClass: FlowClass;
  #run: RunFacts | undefined;
  #parameters: RunParameters | undefined;
  #store: SqliteStore | undefined;
  #added: readonly DefinedDecorator[] | undefined;
  /** The task that whatever is running now was begun by, also when that task has ended. */
  readonly #begunBy = new AsyncLocalStorage<TaskOrder>();
  #running: { readonly order: TaskOrder; readonly fail: (thrown: unknown) => void } | undefined;
  #findLeftovers: (() => Promise<readonly string[]>) | undefined;
  readonly #stat = new OwnStat();
  /** Whether it has, or is about to have, a task: until that is done, the run process waits for it. */
  #isServing = false;
  /** What made this process unfit for further tasks: a task failed after its end. */
  #spoiltBy: string | undefined;

  constructor(flowClass: FlowClass) {
    this.#flowClass = flowClass;
  }

  hear(message: OrderMessage): void {
    if (message.type === 'run') {
      this.#run = message.run;
      if (message.run.secrets.length > 0) process.report.excludeEnv = true; // secrets stand there while a task runs
    } else if (this.#run !== undefined) void this.#serve({ ...this.#run, ...message.task }).catch(giveUp);
  }

  async #serve(order: TaskOrder): Promise<void> {
    if (this.#spoiltBy !== undefined) {
      send({ type: 'unusable', message: this.#spoiltBy });
      return;
    }
    this.#isServing = true;
    try {
      this.#findLeftovers ??= lookAround(order.home, this.#stat);
      redirect(1, order.logs.stdout);
      redirect(2, order.logs.stderr);
    } catch (error) {
      send({ type: 'unusable', message: String(error) });
      return;
    }
    const restoreEnvironment = setEnvironment(order.environment);
    const told: TaskTold = { startedAt: Date.now(), cards: new TaskCards(order), task: undefined };
    const start = process.uptime(); // `performance` would take a millisecond to load
    const failed = new Promise<never>((_, reject) => (this.#running = { order, fail: reject }));
    let outcome: TaskOutcome;
    try {
      outcome = await Promise.race([this.#begunBy.run(order, () => this.#do(order, told)), failed]);
      await Promise.race([setImmediate(), failed]); // Node reports a rejection that nobody awaited a turn later
    } catch (thrown) {
      const reads = told.task && { parameters: told.task.parameterReads };
      outcome = { status: 'failed', exception: recordException(thrown, order.flow), reads, cards: [], blobs: [] };
    }
    this.#running = undefined;
    if (order.cards.length > 0) {
      outcome = await this.#withCards(outcome, { order, told, durationMs: (process.uptime() - start) * 1000 });
    }
    restoreEnvironment();
    leaveTask();
    const leftovers = await this.#findLeftovers();
    send({
      type: 'done',
      outcome,
      leftovers,
      isSpoilt: this.#spoiltBy !== undefined,
      sharesLogs: leftovers.length > 0 || this.#stat.read().hadChildren,
    });
    this.#isServing = false;
    flushCompileCache(); // this process may be ended at any time from now on, which would leave nothing in the cache
  }

  /**
   * Something was thrown that nobody caught. The task that began it is to blame: the running one, or one that has ended
   * already. Of the latter it is told in the log that is open, and the next task gets another worker: the run process hears
   * of it at once, or with the end of the running task. The running task fails too if it does not end soon: it may wait
   * for what has failed, such as a client that all tasks share and that the earlier one was the first to use.
   */
  blame(thrown: unknown): void {
    const begunBy = this.#begunBy.getStore() ?? this.#running?.order;
    const running = this.#running;
    if (running !== undefined && begunBy === running.order) {
      running.fail(thrown);
      return;
    }
    const exception = recordException(thrown, this.#run?.flow ?? '');
    const task = begunBy && `${begunBy.step}/${begunBy.taskId}`;
    const what = `Thrown ${task === undefined ? 'outside any task' : `by ${task} after it had ended`}: ${formatException(exception)}`;
    this.#spoiltBy ??= what;
    if (!this.#isServing) send({ type: 'unusable', message: what });
    console.error(what);
    if (running === undefined) return;
    const { name, message } = exception;
    const text = `it had not ended ${SUSPICION_MS / 1000} s after ${task} had thrown, which it may be waiting for: ${name}: ${message}`;
    setTimeout(() => running.fail(new Error(text, { cause: thrown })), SUSPICION_MS).unref();
  }

  /** What a task printed is kept, or the task has failed: `console.log` itself says nothing of a full disk. */
  missPrinted(cause: NodeJS.ErrnoException): void {
    if (this.#running === undefined || !DISK_ERRORS.has(cause.code)) return;
    const { home } = this.#running.order;
    this.#running.fail(homeError('cannot keep what the task prints', { home, cause }));
  }

  async #do(order: TaskOrder, told: TaskTold): Promise<TaskOutcome> {
    const store = await this.#storeFor(order);
    using context = new TaskContext(order, told.cards);
    enterTask(context);
    const content: TaskContent = {
      read: (artifact) => {
        if (store === undefined) throw new Error(`${current.pathspec} inherits nothing`);
        return readInherited(artifact, { store, order });
      },
      prepare: (parts) => prepareBlob(order, parts),
    };
    return await executeTask(this.#flowClass, order, {
      parameters: this.#parametersOf(order),
      content,
      with: await this.#decorators(order.with),
      onTask: (task) => (told.task = task),
    });
  }

  /** A card is a report: whatever becomes of it, the task is what it is. */
  async #withCards(
    outcome: TaskOutcome,
    { order, told, durationMs }: { order: TaskOrder; told: TaskTold; durationMs: number },
  ): Promise<TaskOutcome> {
    try {
      const { keepCards } = await import('./cards/keep-cards.ts');
      const readBlob = this.#store?.readBlobSync.bind(this.#store);
      const { parameters: declared } = declarationsOf(this.#flowClass);
      const parameters = withoutSecrets(declared, this.#parametersOf(order));
      const { cards, blobs } = await keepCards({
        order,
        outcome,
        parameters,
        fields: outcome.status === 'successful' ? (told.task?.fields() ?? []) : [],
        readBlob,
        durationMs,
        ...told,
      });
      return { ...outcome, cards, blobs: [...outcome.blobs, ...blobs] };
    } catch (error) {
      console.error(`The cards could not be kept: ${recordException(error, order.flow).message}`);
      return outcome;
    }
  }

  #parametersOf({ parameters }: TaskOrder): Record<string, unknown> {
    this.#parameters ??= new RunParameters(parameters);
    return this.#parameters.forTask();
  }

  async #decorators(specs: readonly string[]): Promise<readonly DefinedDecorator[]> {
    if (specs.length === 0) return [];
    // The same for every task of the run.
    this.#added ??= (await import('../flow/with-specs.ts')).readWithSpecs(specs);
    return this.#added;
  }

  /** The store, for a task that inherits something: the first of a run does not, and need not wait for SQLite. */
  async #storeFor({ home, inherited, inputs = [], split }: TaskOrder): Promise<SqliteStore | undefined> {
    if (inherited.length === 0 && inputs.length === 0 && split === undefined) return undefined;
    const { openSqliteStore } = await loadStore();
    this.#store ??= openSqliteStore(home, { access: 'read' });
    return this.#store;
  }
}

/** @throws {RacewayError} `ARTIFACT` when it is gone or damaged; says which step left it, from where a resume makes it again */
function readInherited(
  artifact: ArtifactRecord,
  { store, order: { flow, runId } }: { store: SqliteStore; order: TaskOrder },
): Uint8Array {
  try {
    return store.readBlobSync(artifact);
  } catch (cause) {
    if (!(cause instanceof RacewayError) || cause.code !== 'ARTIFACT') throw cause;
    const step = store.makerSync(flow, runId, artifact);
    if (step === undefined) throw cause; // it was left in another run
    const [what] = cause.message.split('\n');
    throw new RacewayError(
      'ARTIFACT',
      `cannot load the artifact "${artifact.name}": ${what}`,
      `Bring the file back, or resume from the step that left it: resume ${step} --origin-run-id=${runId}`,
      { cause },
    );
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

/**
 * Tells the run process to look at the log, at most every few milliseconds: it also looks by itself, less often.
 *
 * @param onError told why something was not written
 */
function announcePrinting(onError: (error: NodeJS.ErrnoException) => void): void {
  const INTERVAL_MS = 5;
  let last = -Infinity;
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (chunk: unknown, encoding: unknown, done: WriteDone) => boolean;
    stream.write = (chunk: unknown, second?: unknown, third?: unknown) => {
      const [encoding, given] = typeof second === 'function' ? [undefined, second] : [second, third];
      const result = write(chunk, encoding, (error) => {
        if (error) onError(error);
        if (typeof given === 'function') (given as WriteDone)(error);
      });
      const now = process.uptime() * 1000;
      if (now - last >= INTERVAL_MS) {
        last = now;
        send({ type: 'printed' });
      }
      return result;
    };
  }
}

type WriteDone = (error?: Error | null) => void;

/** What has become of the task cannot be told. So the process ends, which tells that the task has failed. */
function giveUp(error: unknown): never {
  try {
    console.error(`The worker could not go on: ${formatException(recordException(error, ''))}`);
    process.exit(UNTOLD_STATUS);
  } finally {
    process.kill(process.pid, 'SIGKILL'); // the console, or a listener for the exit, is broken as well
  }
}

const sendToRunProcess = process.send?.bind(process);

function send(message: WorkerMessage): void {
  if (process.connected) sendToRunProcess?.(message, () => {}); // the run process is gone: `disconnect` follows
}
