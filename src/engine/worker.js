import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { decodeText, decodeValue } from '../store/encoding.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import { current, enterTask, leaveTask } from '../flow/current.js';
import { createTask } from '../flow/task-instance.js';
import { collectArtifacts } from './collect-artifacts.js';
import { recordException } from './exception.js';
import { lookAround } from './leftovers.js';
import { TaskContext } from './task-context.js';
/** Serves tasks until the run process closes the channel or ends this process. Never settles. */
export function runWorker(flowClass) {
  const worker = new Worker(flowClass);
  process.on('message', (message) => void worker.serve(message));
  process.on('disconnect', () => process.exit());
  // Only a task that is running can be blamed. After that, dying is right: the run process takes another worker.
  const blame = (thrown) => {
    if (!worker.fail(thrown)) throw thrown;
  };
  process.on('uncaughtException', blame);
  process.on('unhandledRejection', blame);
  announcePrinting();
  send({ type: 'ready' });
  return new Promise(() => {}); // the channel keeps the process alive
}
class Worker {
  #flowClass;
  #store;
  #fail;
  constructor(flowClass) {
    this.#flowClass = flowClass;
  }
  async serve(order) {
    try {
      redirect(1, order.logs.stdout);
      redirect(2, order.logs.stderr);
    } catch (error) {
      send({ type: 'unusable', message: String(error) });
      return;
    }
    const findLeftovers = lookAround();
    const failed = new Promise((_, reject) => (this.#fail = reject));
    let outcome;
    try {
      outcome = await Promise.race([this.#do(order), failed]);
    } catch (thrown) {
      outcome = { status: 'failed', exception: recordException(thrown) };
    }
    this.#fail = undefined;
    leaveTask();
    send({ type: 'done', outcome, leftovers: findLeftovers() });
    flushCompileCache(); // this process may be ended at any time from now on, which would leave nothing in the cache
  }
  /** Fails the running task; `false` when none is running. */
  fail(thrown) {
    this.#fail?.(thrown);
    return this.#fail !== undefined;
  }
  async #do(order) {
    using context = new TaskContext(order);
    enterTask(context);
    const inherited = new Map(order.inherited.map((artifact) => [artifact.name, artifact]));
    const task = createTask(this.#flowClass, {
      parameters: decodeText(order.parameters),
      inherited: [...inherited.keys()],
      load: (name) => {
        const artifact = inherited.get(name);
        if (artifact === undefined) throw new Error(`${current.pathspec} inherits no artifact ${name}`);
        this.#store ??= openSqliteStore(order.home, { access: 'read' });
        return decodeValue(this.#store.readBlobSync(artifact));
      },
    });
    await task.run(order.step);
    const { artifacts, blobs } = collectArtifacts(task.fields(), { home: order.home, inherited });
    const transition = task.transition && { steps: task.transition.steps };
    return { status: 'successful', transition, artifacts, blobs, reads: { parameters: task.parameterReads } };
  }
}
/**
 * Turns a standard stream of this process, and of what it starts from now on, to another file: the number that `close`
 * frees is the one `open` takes.
 */
function redirect(descriptor, file) {
  closeSync(descriptor);
  const opened = openSync(file, 'a', 0o600);
  if (opened === descriptor) return;
  closeSync(opened); // a thread of the pool was faster
  throw new Error(`could not turn descriptor ${descriptor} to ${file}`);
}
/** Tells the run process to look at the log, at most every few milliseconds: it also looks by itself, less often. */
function announcePrinting() {
  const INTERVAL_MS = 5;
  let last = -Infinity;
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = (...parameters) => {
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
function send(message) {
  if (process.connected) process.send?.(message, () => {}); // the run process is gone: `disconnect` follows
}
