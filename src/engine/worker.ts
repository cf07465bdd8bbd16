import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { setImmediate } from 'node:timers/promises';
import { RacewayError } from '../core/errors.ts';
import { decodeText, decodeValue, encodeText } from '../store/encoding.ts';
import type { ArtifactRecord, TransitionRecord } from '../store/run-store.ts';
import type { SqliteStore } from '../store/sqlite-store.ts';
import { current, enterTask, leaveTask } from '../flow/current.ts';
import type { FlowClass } from '../flow/flow-spec.ts';
import type { DefinedDecorator } from '../flow/decorator.ts';
import { createTask, type JoinInput, type TaskField } from '../flow/task-instance.ts';
import type { Transition } from '../flow/transition.ts';
import { collectArtifacts } from './collect-artifacts.ts';
import { recordException } from './exception.ts';
import { lookAround } from './leftovers.ts';
import type { TaskOrder, TaskOutcome, WorkerMessage } from './messages.ts';
import { SecretSearch } from './secret-search.ts';
import { TaskCards } from './task-cards.ts';
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

/** What cards tell of an attempt, as it comes to be known. */
interface TaskTold {
  readonly startedAt: number;
  readonly cards: TaskCards;
  fields: readonly TaskField[];
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
    const told: TaskTold = { startedAt: Date.now(), cards: new TaskCards(order), fields: [] };
    const start = performance.now();
    let outcome: TaskOutcome;
    try {
      outcome = await Promise.race([this.#do(order, told), failed]);
      await Promise.race([setImmediate(), failed]); // Node reports a rejection that nobody awaited a turn later
    } catch (thrown) {
      outcome = { status: 'failed', exception: recordException(thrown, order.flow), cards: [], blobs: [] };
    }
    this.#fail = undefined;
    if (order.cards.length > 0) {
      outcome = await this.#withCards(outcome, { order, told, durationMs: performance.now() - start });
    }
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

  async #do(order: TaskOrder, told: TaskTold): Promise<TaskOutcome> {
    const store = await this.#storeFor(order);
    using context = new TaskContext(order, told.cards);
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
      with: await this.#decorators(order.with),
    });
    await task.run(order.step);
    const fields = task.fields();
    told.fields = fields;
    const { artifacts, blobs } = collectArtifacts(fields, {
      home: order.home,
      inherited,
      inputs,
      secrets: new SecretSearch(order.secrets),
    });
    const transition = recordTransition(task.transition, order);
    return {
      status: 'successful',
      transition,
      artifacts,
      cards: [],
      blobs,
      reads: { parameters: task.parameterReads },
    };
  }

  /** A card is a report: whatever becomes of it, the task is what it is. */
  async #withCards(
    outcome: TaskOutcome,
    { order, told, durationMs }: { order: TaskOrder; told: TaskTold; durationMs: number },
  ): Promise<TaskOutcome> {
    try {
      const { keepCards } = await import('./cards/keep-cards.ts');
      const readBlob = this.#store?.readBlobSync.bind(this.#store);
      const { cards, blobs } = await keepCards({ order, outcome, readBlob, durationMs, ...told });
      return { ...outcome, cards, blobs: [...outcome.blobs, ...blobs] };
    } catch (error) {
      console.error(`The cards could not be kept: ${error instanceof Error ? error.message : String(error)}`);
      return outcome;
    }
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
  { step, maxNumSplits, secrets }: TaskOrder,
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
  const search = new SecretSearch(secrets);
  return { kind, steps, items: items.map((item, index) => encodeItem(item, { step, index, search })) };
}

function encodeItem(
  item: unknown,
  { step, index, search }: { step: string; index: number; search: SecretSearch },
): string {
  const encoded = encodeText(item);
  if (encoded.kind === 'encoded') {
    search.refuse(`item ${index} of the foreach of step ${step}`, [Buffer.from(encoded.text)]);
    return encoded.text;
  }
  throw new RacewayError(
    'ARTIFACT',
    `item ${index} of the foreach of step ${step} cannot be stored: it holds ${encoded.what}`,
    'Go over data, such as names or numbers, and make the rest in the step that gets them.',
  );
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
