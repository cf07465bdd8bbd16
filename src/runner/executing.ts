import { inspect } from 'node:util';
import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import type { Task } from '../client/task.ts';
import type { LogStream } from '../client/task-log.ts';
import { InvalidOptionError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import { formatCommand } from '../core/format-command.ts';
import { harmless } from '../core/harmless.ts';
import { describeReason, type RunEnding, type RunReason, type RunState, type RunStatus } from '../core/status.ts';
import type { LogLine } from '../process/line-reader.ts';
import { copyLog } from './copy-log.ts';
import { endAnyhow } from './end-anyhow.ts';
import { CleanedUpError, RunFailedError } from './errors.ts';
import type { ExecutingRun } from './executing-run.ts';
import type { ExecutingTask } from './executing-task.ts';
import type { RunProcess } from './run-process.ts';
import { checkTimeLimit, timeLimit } from './time-limit.ts';

/** Options of `streamLog` of an executing run or task. */
export interface StreamLogOptions {
  /** The byte to begin at, 0 or more: 0, or what came with an earlier line. @default 0 */
  readonly position?: number | undefined;
  /** Aborting it ends the reading: the loop throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `wait` of an executing run or task. */
export interface WaitOptions {
  /**
   * Ends the run after this many milliseconds, 0 or more; its status is `timeout` then. Of a run that was started detached,
   * or attached to, only the waiting ends, and its status stays `running`. @default Infinity
   */
  readonly timeoutMs?: number | undefined;
  /** Aborting it stops the waiting, not the run: `wait` rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Prints this stream of the child, from its beginning, to the one of the same name of this process. */
  readonly stream?: LogStream | undefined;
}

/** Options of `kill` of an executing run or task. */
export interface KillOptions {
  /** Milliseconds between SIGTERM and SIGKILL; 0 for SIGKILL at once. @default 5000 */
  readonly graceMs?: number | undefined;
}

/** What an executing run or task is made of. */
export interface ExecutingParts<F extends FlowShape> {
  readonly process: RunProcess;
  readonly run: Run<F>;
  /** Where the run is kept; `undefined` when it is kept elsewhere. */
  readonly home: Home | undefined;
  /** Whether the home was opened for this handle alone. */
  readonly ownsHome: boolean;
  /** Ends the run when it is aborted. */
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  /** Whether `wait` rejects when the run does not succeed. */
  readonly reject: boolean;
  /** What to do when it did not succeed. */
  readonly advice: string;
}

/**
 * What a run and a single task that a `Runner` started have in common: a process, its output, and how it ends.
 *
 * A run that was started detached, or attached to, is not the handle's: it goes on whatever becomes of the handle, and only
 * `kill()` ends it.
 */
export abstract class Executing<F extends FlowShape> implements AsyncDisposable {
  /** Process id of the child; of a run of raceway that was started detached, that of the run process. */
  readonly pid: number;
  /** What was executed. */
  readonly command: readonly string[];
  readonly #parts: ExecutingParts<F>;
  readonly #process: RunProcess;
  readonly #settled: Promise<void>;
  #state: RunState = { status: 'running' };
  /** Why the run is being ended from here. */
  #ending: RunEnding | undefined;
  #disposed: Promise<void> | undefined;

  /** What is executed, in its home. It is there as soon as the constructor has returned. */
  protected abstract readonly subject: Run<F> | Task<F>;

  constructor(parts: ExecutingParts<F>) {
    this.#parts = parts;
    this.#process = parts.process;
    this.pid = parts.process.pid;
    this.command = parts.process.command;
    this.#settled = this.#settle();
  }

  /** What the run is doing. It is final when the child and everything it started have ended and the output is complete. */
  get status(): RunStatus {
    return this.#state.status;
  }

  /** Why it is not successful; `undefined` while it runs, and when it is. */
  get reason(): RunReason | undefined {
    return 'reason' in this.#state ? this.#state.reason : undefined;
  }

  /** Exit status of the child; `null` while it runs, and when a signal ended it. */
  get exitCode(): number | null {
    return this.#process.exit?.exitCode ?? null;
  }

  /** The signal that ended the child; `null` when none did. */
  get signalCode(): NodeJS.Signals | null {
    return this.#process.exit?.signalCode ?? null;
  }

  /**
   * Everything the child has written to stdout so far.
   *
   * @throws {RacewayError} `OUTPUT_TOO_LARGE` beyond 256 MB
   * @throws {CleanedUpError} after the handle or its runner was disposed
   */
  get stdout(): string {
    return this.#process.stdout.text();
  }

  /** Everything the child has written to stderr so far; throws as `stdout` does. */
  get stderr(): string {
    return this.#process.stderr.text();
  }

  /**
   * The lines of a stream, as the child writes them, until it has ended. `\n` and `\r\n` end a line. Any number of readers
   * may be at it at once; leaving the loop frees what it held and leaves the run alone.
   *
   * @throws {RangeError} when `position` is not an integer of 0 or more
   * @throws {CleanedUpError} in the loop, when the handle or its runner was disposed
   *
   * @example
   * for await (const { position, line } of running.streamLog('stdout')) console.log(position, line);
   */
  streamLog(
    stream: LogStream,
    { position, signal }: StreamLogOptions = {},
  ): AsyncIterableIterator<LogLine, undefined, undefined> {
    return this.#log(stream).lines({ position, signal });
  }

  /**
   * Waits until the run has ended.
   *
   * @throws {RunFailedError} when it did not succeed and was started with `reject: true`
   * @throws {CleanedUpError} when the handle was disposed and had let go of a run that goes on
   */
  async wait({ timeoutMs, signal, stream }: WaitOptions = {}): Promise<this> {
    signal?.throwIfAborted();
    const stopped = Promise.withResolvers<'let go'>();
    const stopPrinting = new AbortController();
    const stop = () => stopped.reject(signal?.reason);
    using _held = this.#process.hold();
    using _limit = timeLimit(timeoutMs, () =>
      this.#process.ownership === 'owned' ? void this.#endAnyhow('timeout') : stopped.resolve('let go'),
    );
    const printed = stream === undefined ? undefined : copyLog(this.#log(stream), process[stream], stopPrinting.signal);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const ended = Promise.all([this.#settled, printed]);
      if ((await Promise.race([ended, stopped.promise])) === 'let go') return this;
    } finally {
      signal?.removeEventListener('abort', stop);
      stopPrinting.abort();
      printed?.catch(() => {}); // it has been awaited, or nobody wants it any more
    }
    if (this.status === 'running') {
      throw new CleanedUpError(
        `could not wait for the end of ${this.toString()}: this handle has let go of it`,
        'Attach to it again: Runner.attach(pathspec).',
      );
    }
    if (this.#parts.reject && this.status !== 'successful') throw this.#failure();
    return this;
  }

  /**
   * Ends the child and everything it started. Resolves when nothing of it is left and `status` is final; at once when the
   * run has ended.
   *
   * @throws {RangeError} when `graceMs` is negative or no number
   * @throws {CleanedUpError} when the handle was disposed and had let go of a run that goes on
   * @throws {RacewayError} `OTHER_MACHINE` when it was attached to and is executed on another machine; `UNSEEN` when this
   * process has no descriptor left to see whether anything is left, after SIGTERM and SIGKILL to what it knew of
   */
  async kill({ graceMs }: KillOptions = {}): Promise<void> {
    if (graceMs !== undefined) checkTimeLimit(graceMs);
    this.#checkHolds();
    await this.#end('killed', graceMs);
    this.#checkHolds(); // it may have been disposed meanwhile
  }

  /**
   * Ends the run as `kill()` does, unless it has ended, and removes its temporary files. Lets go of a run that was started
   * detached or attached to: that goes on.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  toString(): string {
    return this.subject.pathspec;
  }

  [inspect.custom](): string {
    const why = this.reason === undefined ? '' : `: ${harmless(describeReason(this.reason))}`;
    return `${this.constructor.name} ${this.subject.pathspec} (${this.status}${why})`;
  }

  /** What became of a run is not seen any more once the handle has let go of it, so nobody would record why it ended. */
  #checkHolds(): void {
    if (this.#disposed === undefined || this.#process.ownership === 'owned' || this.status !== 'running') return;
    const { home } = this.#parts;
    const stop = ['raceway', ...(home === undefined ? [] : [`--home=${home.path}`]), 'stop', this.toString()];
    throw new CleanedUpError(
      `could not end ${this.toString()}: this handle has let go of it`,
      `Attach to it again with Runner.attach(pathspec), or end it from a shell: ${formatCommand(stop)}`,
    );
  }

  async #dispose(): Promise<void> {
    if (this.#process.ownership === 'owned') await this.kill();
    await this.#process.release();
    if (this.#parts.ownsHome) await this.#parts.home?.close();
  }

  #log(stream: LogStream): RunProcess[LogStream] {
    // What comes from JavaScript may be anything.
    if (stream === 'stdout' || stream === 'stderr') return this.#process[stream];
    throw new InvalidOptionError(
      { option: 'stream', expected: 'stdout, stderr', received: String(stream) },
      `a run has no stream ${JSON.stringify(stream)}`,
      "The streams are 'stdout' and 'stderr'.",
    );
  }

  async #end(why: RunEnding, graceMs?: number): Promise<void> {
    if (this.#process.exit === undefined) {
      this.#process.checkReach();
      this.#ending ??= why;
      await this.#noteEnding(this.#ending);
      await this.#process.end({ graceMs });
    }
    await this.#settled;
  }

  /** So that all who look at the run hear the same of its end, whoever they are and whenever they look. */
  async #noteEnding(why: RunEnding): Promise<void> {
    const { home, run } = this.#parts;
    try {
      await home?.recordEnding(run.pathspec, why);
    } catch {
      // The home is gone, full or locked: then it is recorded once the run has ended, if it can be.
    }
  }

  /** The same for when nobody waits for it. Never rejects. */
  async #endAnyhow(why: RunEnding): Promise<void> {
    await endAnyhow(() => this.#end(why), { isGone: () => this.#process.exit !== undefined });
  }

  /** Follows the run to its end. Never rejects: whatever happens to the home, the child has ended and that is what counts. */
  async #settle(): Promise<void> {
    const { signal, timeoutMs } = this.#parts;
    const abort = () => void this.#endAnyhow('killed');
    using limit = timeLimit(timeoutMs, () => void this.#endAnyhow('timeout'));
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
    const isOver = await this.#process.cleared();
    limit[Symbol.dispose]();
    signal?.removeEventListener('abort', abort);
    if (!isOver) return;
    this.#state = await this.#finalState();
    await this.#process.finish(); // last, so that whoever has read all lines finds the status final
  }

  async #finalState(): Promise<RunState> {
    const { home, run } = this.#parts;
    if (home === undefined) return this.#stateFromExit();
    try {
      await run.refresh();
    } catch (error) {
      const state = this.#stateFromExit(); // the home is gone, or damaged
      if (state.status !== 'successful') return state;
      const message = error instanceof Error ? error.message : String(error);
      return { status: 'failed', reason: { kind: 'unread', message } };
    }
    const state = this.#stateFromRecord(run);
    try {
      // A run process that was struck down has recorded nothing.
      const endedAt = this.#process.exit?.at;
      if ('reason' in state) {
        await home.recordEnd(run.pathspec, { ...state, endedAt });
        await run.refresh();
      }
      if (this.subject !== run) await this.subject.refresh();
    } catch {
      return state; // The disk is full, for one. Whoever looks at the run from now on finds it lost.
    }
    const { status, reason } = run; // somebody else may have ended it
    return (status === 'failed' || status === 'timeout') && reason !== undefined ? { status, reason } : state;
  }

  /** A run that is kept in a home succeeded only if that says so: its script may have called `process.exit(0)` halfway. */
  #stateFromRecord({ status, reason }: Run<F>): RunState {
    if (status === 'successful') return { status };
    const isTold = status !== 'running' && reason !== undefined && reason.kind !== 'lost';
    // One that is being ended and had come to its own end before keeps that, as its record does (`recordEnd`).
    if (isTold && (this.#ending === undefined || reason.kind !== 'signal')) return { status, reason };
    const state = this.#stateFromExit();
    return state.status === 'successful' ? { status: 'failed', reason: { kind: 'exit', exitCode: 0 } } : state;
  }

  #stateFromExit(): RunState {
    const { exitCode, signalCode } = this;
    if (this.#ending === 'timeout') return { status: 'timeout', reason: { kind: 'timeout' } };
    if (this.#ending === 'killed') return { status: 'failed', reason: { kind: 'killed' } };
    if (signalCode !== null) return { status: 'failed', reason: { kind: 'signal', signalCode } };
    if (exitCode === null) return { status: 'failed', reason: { kind: 'lost' } };
    if (exitCode === 0) return { status: 'successful' };
    if (exitCode === TIMED_OUT) return { status: 'timeout', reason: { kind: 'timeout' } };
    return { status: 'failed', reason: { kind: 'exit', exitCode } };
  }

  #failure(): RunFailedError {
    let output = { stdout: '', stderr: '' };
    try {
      output = { stdout: this.#process.stdout.tail(EXCERPT_BYTES), stderr: this.#process.stderr.tail(EXCERPT_BYTES) };
    } catch {
      // the files have been removed; the error is worth throwing without them
    }
    return new RunFailedError(this as unknown as ExecutingRun | ExecutingTask, output, this.#parts.advice);
  }
}

/** The exit status of a run that took too long, as of timeout(1). */
const TIMED_OUT = 124;
const EXCERPT_BYTES = 2000;
