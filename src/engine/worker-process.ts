import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearTimeout, setImmediate, setTimeout as setTimer } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import { LONGEST_TIMER_MS } from '../core/longest-timer.ts';
import { uniqueId } from '../core/unique-id.ts';
import { endTree, type Tree } from '../process/end-tree.ts';
import { endGroup, signalGroup } from '../process/groups.ts';
import { identityOf } from '../process/identity.ts';
import type { Guardian } from '../process/guardian.ts';
import {
  type OrderMessage,
  type RunFacts,
  type TaskFacts,
  type TaskOutcome,
  WORKER_VARIABLE,
  type WorkerMessage,
} from './messages.ts';

/** How a worker's time with a task ended. */
export type TaskEnd =
  | {
      readonly kind: 'done';
      readonly outcome: TaskOutcome;
      readonly sharesLogs: boolean;
      readonly leftovers: readonly string[];
    }
  /** The process ended before the task was done. */
  | { readonly kind: 'exit'; readonly exitCode: number }
  | { readonly kind: 'signal'; readonly signalCode: string }
  /** It took longer than it may, and was ended with everything it started. */
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** The worker could not begin: none of the task's code ran, and another worker may have it. */
  | { readonly kind: 'unusable'; readonly message: string }
  /** The worker ended while it loaded the flow, as any other would. */
  | { readonly kind: 'unloadable'; readonly message: string };

/** Whoever sends one of these to a worker ends the whole run, as Ctrl-C does. */
export const SIGNALS_OF_A_STOP: ReadonlySet<string> = new Set(['SIGINT', 'SIGTERM', 'SIGHUP']);

/** How often it is looked whether a worker has loaded the flow, before it is given up. */
const START_LOOKS = 20;

/** How long a worker may go on without its channel. */
const UNHEARD_MS = 2000;

type WorkerState =
  | { readonly status: 'starting'; readonly task?: TaskFacts }
  | { readonly status: 'idle' }
  | { readonly status: 'busy' }
  /** It will not get another task. */
  | { readonly status: 'retired' }
  | { readonly status: 'ended'; readonly end: TaskEnd };

/** How long a task may take. */
export interface TaskLimit {
  readonly timeoutMs: number;
  /** How long a task that asked for a warning has from then on. */
  readonly graceMs: number;
}

export interface WorkerStart {
  readonly script: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly guardian: Guardian;
  /** How long a worker may take to load the flow. One that cannot get its threads waits for them for ever. */
  readonly startLimitMs: number;
  /** Called when the running task has printed something. */
  readonly onPrinted: () => void;
}

/** The flag of Linux for a file that never has a name, so that SIGKILL cannot come before the name is gone. Node has no constant for it. */
const O_TMPFILE = 0o20000000;

let started = 0;

/** A worker as its run process sees it: one process, a group of its own, one task at a time. */
export class WorkerProcess {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #guardian: Guardian;
  readonly #onPrinted: () => void;
  readonly #tree: Tree;
  /** What the worker prints outside a task; an open file without a name, so that nothing can be left behind. */
  readonly #startLog: number;
  readonly #ended = Promise.withResolvers<void>();
  #state: WorkerState = { status: 'starting' };
  #finish: ((end: TaskEnd) => void) | undefined;
  /** What it is still to be told of the run. */
  #run: RunFacts | undefined;
  /** The limit of the task that it has. */
  #limit: TaskLimit | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When the task has exceeded its limit: waits until it has nothing left to say. */
  #expired: PromiseWithResolvers<void> | undefined;
  readonly #startTimer: NodeJS.Timeout;
  readonly #startLimitMs: number;
  /** Whether it took too long to load the flow. */
  #isLate = false;
  /** Whether a task has been executed here. */
  #isUsed = false;
  /** Whether it may have started processes, which may have left its group. */
  #mayHaveChildren = false;

  constructor({ script, environment, guardian, startLimitMs, onPrinted }: WorkerStart) {
    this.#guardian = guardian;
    this.#onPrinted = onPrinted;
    this.#startLog = openUnnamedFile();
    const mark = { name: guardian.mark.name, value: String(++started) };
    this.#process = fork(script, [], {
      detached: true,
      serialization: 'advanced',
      execArgv: process.execArgv.filter((option) => !option.startsWith('--inspect')), // the port is taken
      stdio: ['ignore', this.#startLog, this.#startLog, 'ipc'],
      env: { ...environment, [WORKER_VARIABLE]: '1', [mark.name]: mark.value },
    });
    this.pid = this.#process.pid ?? 0;
    this.#tree = { pid: this.pid, startTime: identityOf(this.pid)?.startTime, mark };
    if (this.#process.pid !== undefined) guardian.watch(this.#process.pid);
    this.#startLimitMs = startLimitMs;
    this.#startTimer = this.#limitStart();
    this.#process.on('message', (message) => this.#hear(message as WorkerMessage));
    this.#process.on('error', (error) =>
      this.#end({ kind: 'unusable', message: `no worker could be started: ${error.message}` }),
    );
    this.#process.on('disconnect', () => void this.#endUnheard());
    this.#process.on('exit', (exitCode, signalCode) =>
      this.#end(signalCode === null ? { kind: 'exit', exitCode: exitCode ?? 1 } : { kind: 'signal', signalCode }),
    );
  }

  /** Whether it may be given a task. */
  get isFree(): boolean {
    return this.#finish === undefined && (this.#state.status === 'starting' || this.#state.status === 'idle');
  }

  /** Whether no task has been executed here, nor will be but the one it was taken for. */
  get isFresh(): boolean {
    return this.isFree && !this.#isUsed;
  }

  /** Whether it has been given a task. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Gives the worker a task, as soon as it has loaded the flow. Its time begins then. */
  run(task: TaskFacts, { run, limit }: { run: RunFacts; limit?: TaskLimit | undefined }): Promise<TaskEnd> {
    if (!this.isFree) return Promise.resolve(this.#refusal());
    const { promise, resolve } = Promise.withResolvers<TaskEnd>();
    this.#finish = resolve;
    this.#limit = limit;
    if (!this.#isUsed) this.#run = run;
    this.#isUsed = true;
    if (this.#state.status === 'idle') this.#give(task);
    else this.#state = { status: 'starting', task };
    return promise;
  }

  /** Not to be used again; what it runs goes on. */
  retire(): void {
    if (this.#state.status !== 'ended') this.#state = { status: 'retired' };
  }

  /**
   * Ends the process and everything it started: a warning to its group, then SIGKILL. A task that did not ask for the
   * warning is gone at once. Resolves when none is left.
   */
  async end({ graceMs }: { graceMs: number }): Promise<void> {
    this.retire();
    if (this.pid === 0) return;
    await this.#warn(graceMs, this.#ended.promise);
    await this.#kill();
    this.#guardian.release(this.pid);
  }

  /** Tells the task that it is to end, and gives it some time for that. */
  async #warn(graceMs: number, over: Promise<void>): Promise<void> {
    if (graceMs === 0) return;
    signalGroup(this.pid, 'SIGTERM');
    signalGroup(this.pid, 'SIGCONT'); // a stopped process gets the first only when it goes on
    await Promise.race([over, setTimeout(graceMs, undefined, { ref: false })]);
  }

  async #kill(): Promise<void> {
    // What left the group is looked for among all processes, which takes a few milliseconds. Where that cannot be done,
    // for want of descriptors for one, the group is ended all the same.
    if (this.#mayHaveChildren) await endTree(this.#tree, { graceMs: 0 }).catch(() => false);
    await endGroup(this.pid, { graceMs: 0 });
    await this.#ended.promise;
  }

  #give(task: TaskFacts): void {
    this.#state = { status: 'busy' };
    this.#mayHaveChildren = true; // until the worker says that there are none
    const limit = this.#limit;
    if (limit !== undefined) this.#limitTask(limit);
    if (this.#run !== undefined) this.#send({ type: 'run', run: this.#run });
    this.#run = undefined;
    this.#send({ type: 'task', task });
  }

  #send(message: OrderMessage): void {
    this.#process.send(message, (error) => {
      if (error !== null) this.retire(); // the process is ending: `exit` follows
    });
  }

  /** A run process that was asleep finds the limit passed before it has read that the task was done: that is read first. */
  #limitTask(limit: TaskLimit): void {
    const timer = setTimer(() => {
      setImmediate(() => {
        if (this.#timer === timer) void this.#expire(limit);
      });
    }, limit.timeoutMs);
    this.#timer = timer;
  }

  /** The task has had its time: it is warned if it asked to be, and all it started is ended with it. */
  async #expire({ timeoutMs, graceMs }: TaskLimit): Promise<void> {
    this.retire();
    const expired = Promise.withResolvers<void>();
    this.#expired = expired;
    await this.#warn(graceMs, expired.promise);
    await this.#kill();
    this.#expired = undefined;
    this.#settle({ kind: 'timeout', timeoutMs });
  }

  #hear(message: WorkerMessage): void {
    switch (message.type) {
      case 'ready':
        clearInterval(this.#startTimer);
        if (this.#state.status !== 'starting') return;
        if (this.#state.task === undefined) this.#state = { status: 'idle' };
        else this.#give(this.#state.task);
        return;
      case 'printed':
        this.#onPrinted();
        return;
      case 'unusable':
        this.retire();
        this.#settle({ kind: 'unusable', message: message.message });
        return;
      case 'done':
        this.#mayHaveChildren = message.sharesLogs;
        if (message.outcome.status === 'failed' || message.leftovers.length > 0 || message.isSpoilt) this.retire();
        else if (this.#state.status === 'busy') this.#state = { status: 'idle' };
        const { outcome, sharesLogs, leftovers } = message;
        this.#settle({ kind: 'done', outcome, sharesLogs, leftovers });
    }
  }

  /** A worker ends when its channel closes. When its task has closed the channel itself, nothing would be heard of it again. */
  async #endUnheard(): Promise<void> {
    await Promise.race([this.#ended.promise, setTimeout(UNHEARD_MS, undefined, { ref: false })]);
    if (this.#state.status !== 'ended') signalGroup(this.pid, 'SIGKILL');
  }

  /** Counts looks rather than time: a run process that was stopped meanwhile must not take its own sleep for the worker's. */
  #limitStart(): NodeJS.Timeout {
    let looks = 0;
    return setInterval(
      () => {
        looks += 1;
        if (looks < START_LOOKS) return;
        clearInterval(this.#startTimer);
        this.#isLate = true;
        signalGroup(this.pid, 'SIGKILL');
      },
      Math.min(this.#startLimitMs / START_LOOKS, LONGEST_TIMER_MS),
    ).unref();
  }

  #end(end: TaskEnd): void {
    if (this.#state.status === 'ended') return;
    clearInterval(this.#startTimer);
    const told = this.#state.status === 'starting' ? this.#endOfStart(end) : end;
    this.#state = { status: 'ended', end: told };
    this.#ended.resolve();
    this.#settle(told);
    closeSync(this.#startLog);
  }

  /** A flow that ends whoever loads it would end the next worker too; by a signal somebody struck down this one alone. */
  #endOfStart(end: TaskEnd): TaskEnd {
    const told = (what: string): string => `${what}\n${this.#readStartLog()}`.trimEnd();
    if (this.#isLate) {
      const limit = `${Math.round(this.#startLimitMs / 100) / 10} s`;
      return { kind: 'unloadable', message: told(`its worker had not loaded the flow after ${limit}`) };
    }
    if (end.kind === 'exit') {
      return {
        kind: 'unloadable',
        message: told(`it ended with exit status ${end.exitCode} while it loaded the flow`),
      };
    }
    if (end.kind !== 'signal' || SIGNALS_OF_A_STOP.has(end.signalCode)) return end;
    return { kind: 'unusable', message: told(`its worker was ended by ${end.signalCode} while it loaded the flow`) };
  }

  /** What becomes of a task for which this worker was chosen just before its end. */
  #refusal(): TaskEnd {
    const end = this.#state.status === 'ended' ? this.#state.end : undefined;
    if (end?.kind === 'unloadable' || end?.kind === 'unusable') return end;
    return { kind: 'unusable', message: 'its worker is ending' };
  }

  #settle(end: TaskEnd): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#expired !== undefined) {
      this.#expired.resolve(); // whatever became of it comes too late
      return;
    }
    this.#finish?.(end);
    this.#finish = undefined;
  }

  #readStartLog(): string {
    const bytes = Buffer.alloc(Math.min(fstatSync(this.#startLog).size, 10_000));
    readSync(this.#startLog, bytes, 0, bytes.byteLength, 0);
    return bytes.toString();
  }
}

function openUnnamedFile(): number {
  const { O_APPEND, O_DIRECTORY, O_RDWR } = constants;
  if (process.platform === 'linux') {
    try {
      return openSync(tmpdir(), O_TMPFILE | O_DIRECTORY | O_RDWR | O_APPEND, 0o600);
    } catch {
      // this file system has none
    }
  }
  const file = join(tmpdir(), `raceway-worker-${uniqueId()}`);
  let descriptor: number;
  try {
    descriptor = openSync(file, 'ax+', 0o600);
  } catch {
    return openSync(devNull, 'r+'); // no place for temporary files is no reason to end a run: its tasks have their logs
  }
  unlinkSync(file);
  return descriptor;
}
