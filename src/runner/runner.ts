import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { foreignRun } from '../client/foreign-run.ts';
import { findHome, type Home, openHome } from '../client/home.ts';
import { foreignTask } from '../client/foreign-task.ts';
import type { Run } from '../client/run.ts';
import type { Task } from '../client/task.ts';
import type { Attributes } from '../core/attributes.ts';
import { compileCacheFolder } from '../core/compile-cache.ts';
import { FlowFileError } from '../core/errors.ts';
import type { AnyFlow, FlowShape, ParameterInputs } from '../core/flow-shape.ts';
import { formatCommand } from '../core/format-command.ts';
import { invalid } from '../core/invalid.ts';
import { formatPathspec } from '../core/pathspec.ts';
import { announcement } from './announcement.ts';
import { Child } from './child.ts';
import { type Command, commandLine, type CommandLine } from './command-line.ts';
import { copyLog } from './copy-log.ts';
import { CleanedUpError } from './errors.ts';
import type { Executing, ExecutingParts } from './executing.ts';
import { ExecutingRun } from './executing-run.ts';
import { ExecutingTask } from './executing-task.ts';
import { type FlowDescription, flowDescription } from './flow-description.ts';
import { type Interpreter, interpreterOf } from './interpreter.ts';
import { LinkedAbort } from './linked-abort.ts';
import type { MapResults } from './map-result.ts';
import { type MapHost, mapRows } from './map-rows.ts';
import type { Options } from './option-flags.ts';
import { asOptions, checkOwnOptions, splitOptions } from './own-options.ts';
import {
  MAP_OWN_OPTIONS,
  type MapOperationOptions,
  type MapOwnOptions,
  OPERATION_OWN_OPTIONS,
  type OperationOwnOptions,
  type ResumeOperationOptions,
  RUNNER_OWN_OPTIONS,
  type RunnerOptions,
  type RunnerOwnOptions,
  type RunOperationOptions,
  type SpinOperationOptions,
} from './runner-options.ts';
import { type GuardianShare, shareGuardian } from './shared-guardian.ts';

const START_TIMEOUT_MS = 3_600_000;

/** How an operation is to be done. */
interface Operation<F extends FlowShape, E extends Executing<F>> {
  readonly command: Command;
  readonly own: OperationOwnOptions;
  /** Whether the output of the child is copied from its first byte on. */
  readonly showsOutput: boolean;
  /** Makes the handle, once the child has announced what it executes. */
  readonly handle: (parts: ExecutingParts<F>, attributes: Attributes) => E | Promise<E>;
}

/** A run or a task that has been started, and the copying of its output. */
interface Started<E> {
  readonly running: E;
  readonly copied: Promise<unknown>;
}

/**
 * Runs a flow script as a child process. Each operation has two forms: the plain name resolves when the run has ended, the
 * one with `async` as soon as it has started. Any number may be in flight at once.
 *
 * However this process ends, the runs it started end too, with everything they started.
 *
 * @example
 * await using runner = new Runner<SlowFlow>('flows/slowflow.ts', { showOutput: false });
 * const running = await runner.run({ seconds: 5 }, { tags: ['demo'] });
 * console.log(running.status, running.stdout);
 */
export class Runner<F extends FlowShape = AnyFlow> implements AsyncDisposable {
  /** The flow file, absolute. */
  readonly flowFile: string;
  readonly #own: RunnerOwnOptions;
  readonly #topLevel: Options;
  readonly #disposal = new AbortController();
  readonly #starting = new Set<Promise<unknown>>();
  readonly #runs = new Set<Executing<F>>();
  readonly #homes = new Map<string, Promise<Home>>();
  #guardian: GuardianShare | undefined;
  #disposed: Promise<void> | undefined;

  /**
   * Does nothing with the file yet: one that is missing rejects the first operation.
   *
   * @param flowFile a path, relative to this process's working folder, or a `file:` URL
   */
  constructor(flowFile: string | URL, options?: RunnerOptions<NoInfer<F>>) {
    this.flowFile = resolve(flowFile instanceof URL ? fileURLToPath(flowFile) : flowFile);
    const { own, flags } = splitOptions<RunnerOwnOptions>(options ?? {}, RUNNER_OWN_OPTIONS);
    this.#own = own;
    this.#topLevel = flags;
  }

  /**
   * Runs the flow and waits for its end. A run that fails is not an error: the handle says `status: 'failed'`.
   *
   * @throws {FlowFileError} when the flow file is missing or cannot be executed
   * @throws {InvalidOptionError} when an option or parameter does not exist, is missing, or has the wrong type
   * @throws {FlowStartError} when the child ends before it announced a run
   * @throws {StartTimeoutError} when it announces none within `startTimeoutMs`
   * @throws {RunFailedError} when the run does not succeed and `reject` is set
   */
  async run(parameters?: ParameterInputs<F>, options?: RunOperationOptions<F>): Promise<ExecutingRun<F>> {
    return await this.#finish(this.#runOperation(parameters, options, this.#own.showOutput ?? true));
  }

  /** The same, but resolves as soon as the run has started. */
  async asyncRun(parameters?: ParameterInputs<F>, options?: RunOperationOptions<F>): Promise<ExecutingRun<F>> {
    return (await this.#start(this.#runOperation(parameters, options, false))).running;
  }

  /**
   * Starts a run that takes over what an earlier one finished, and waits for its end. Throws as `run` does.
   *
   * @throws {NotFoundError} when there is no such origin run, or none that could be resumed
   */
  async resume(options?: ResumeOperationOptions<F>): Promise<ExecutingRun<F>> {
    return await this.#finish(this.#resumeOperation(options, this.#own.showOutput ?? true));
  }

  /** The same, but resolves as soon as the run has started. */
  async asyncResume(options?: ResumeOperationOptions<F>): Promise<ExecutingRun<F>> {
    return (await this.#start(this.#resumeOperation(options, false))).running;
  }

  /**
   * Executes one task of an earlier run again, alone, with the inputs it had, and waits for its end; nothing follows it.
   * Throws as `run` does.
   *
   * @param pathspec `run/step/task`, the flow's name in front or not; `run/step` for its only task, or else the latest that
   *   failed, or else the first; or `step`, of the latest run that has a task of it
   * @throws {NotFoundError} when there is no such task
   *
   * @example
   * const running = await runner.spin('train', { artifacts: { rate: 0.1 } });
   * console.log(running.task.status, await running.task.stdout());
   */
  async spin(pathspec: string, options?: SpinOperationOptions<F>): Promise<ExecutingTask<F>> {
    return await this.#finish(this.#spinOperation(pathspec, options, this.#own.showOutput ?? true));
  }

  /** The same, but resolves as soon as the task has started. */
  async asyncSpin(pathspec: string, options?: SpinOperationOptions<F>): Promise<ExecutingTask<F>> {
    return (await this.#start(this.#spinOperation(pathspec, options, false))).running;
  }

  /**
   * Runs the flow once for each row, some runs at once, and gives out each row as its run ends; a run that fails is a result
   * like any other. Nothing is started before the first result is asked for, nor before all rows have been checked.
   * Leaving the loop ends the runs in flight.
   *
   * Rows that come asynchronously are taken and checked one by one as there is room, so they may go on for ever. The
   * temporary files of a run are removed when the result after it is asked for.
   *
   * @param rows the parameters of each run; see `product` and `zip`
   * @throws {InvalidOptionError} when an option is wrong; in the loop, when a row is, which it names
   * @throws {RunFailedError} in the loop, when a run does not succeed and `reject` is set; the others are ended
   * @throws the reason of `signal` in the loop, when it is aborted, after the runs in flight have been ended
   *
   * @example
   * for await (const { parameters, run, error } of runner.map(product({ seconds: [1, 2] }), { maxConcurrency: 4 })) {
   *   console.log(parameters, run?.status ?? error.message);
   * }
   */
  map<const R extends ParameterInputs<F>>(
    rows: Iterable<Exactly<R, ParameterInputs<F>>> | AsyncIterable<Exactly<R, ParameterInputs<F>>>,
    options?: MapOperationOptions<F>,
  ): MapResults<F, R> {
    const { own, flags } = splitOptions<MapOwnOptions & OperationOwnOptions>(options ?? {}, MAP_OWN_OPTIONS);
    checkOwnOptions(this.#own, own);
    const environment = { ...process.env, ...this.#own.env };
    const host: MapHost<F> = {
      isNative: this.#interpreter().kind === 'native',
      environment,
      signals: [this.#disposal.signal, this.#own.signal, own.signal],
      describe: async (signal) => await this.#track(this.#describe(signal)),
      check: (parameters, given) =>
        void this.#commandLine({ name: 'run', parameters, options: given }, { place: 'map()', own: MAP_OWN_OPTIONS }),
      run: async (parameters, given) => (await this.#start(this.#runOperation(parameters, given, false))).running,
      resume: async (given) => (await this.#start(this.#resumeOperation(given, false))).running,
      home: async () => await this.#homeSoFar(environment['RACEWAY_HOME']),
      release: async (running) => await this.#disposeRun(running),
    };
    // That the rows are of this type is what was asked for above; whatever they are, they are given back as they are.
    return mapRows(host, rows, { own, flags }) as unknown as MapResults<F, R>;
  }

  /** Removes the temporary files of every run that this runner started and that has ended. Their output is gone then. */
  async cleanup(): Promise<void> {
    const ended = [...this.#runs].filter(({ status }) => status !== 'running');
    await Promise.all(ended.map((running) => this.#disposeRun(running)));
  }

  /** Ends every run of this runner that has not ended, cleans up, and closes the homes: `run.data` cannot be read any more. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
  }

  [inspect.custom](): string {
    const running = [...this.#runs].filter(({ status }) => status === 'running').length;
    return `Runner ${this.flowFile} (${running} running)`;
  }

  #runOperation(parameters: unknown, options: unknown, showsOutput: boolean): Operation<F, ExecutingRun<F>> {
    const { own, flags } = splitOptions<OperationOwnOptions>(options ?? {}, OPERATION_OWN_OPTIONS);
    return {
      command: { name: 'run', parameters: asOptions('parameters', parameters ?? {}), options: flags },
      own,
      showsOutput,
      handle: (parts) => new ExecutingRun(parts),
    };
  }

  #resumeOperation(given: unknown, showsOutput: boolean): Operation<F, ExecutingRun<F>> {
    const { own, flags } = splitOptions<OperationOwnOptions>(given ?? {}, OPERATION_OWN_OPTIONS);
    const { stepToRerun, parameters, ...options } = flags;
    if (stepToRerun !== undefined && typeof stepToRerun !== 'string') {
      throw invalid('stepToRerun', 'the name of a step', stepToRerun);
    }
    return {
      command: { name: 'resume', stepToRerun, parameters: asOptions('parameters', parameters ?? {}), options },
      own,
      showsOutput,
      handle: (parts) => new ExecutingRun(parts),
    };
  }

  #spinOperation(pathspec: unknown, given: unknown, showsOutput: boolean): Operation<F, ExecutingTask<F>> {
    const { own, flags } = splitOptions<OperationOwnOptions>(given ?? {}, OPERATION_OWN_OPTIONS);
    const { artifacts, parameters, ...options } = flags;
    if (typeof pathspec !== 'string') throw invalid('pathspec', 'the pathspec of a task', pathspec);
    return {
      command: {
        name: 'spin',
        pathspec,
        artifacts: asOptions('artifacts', artifacts ?? {}),
        parameters: asOptions('parameters', parameters ?? {}),
        options,
      },
      own,
      showsOutput,
      handle: async (parts, attributes) =>
        new ExecutingTask({ ...parts, task: await openTask<F>(parts.home, attributes) }),
    };
  }

  async #finish<E extends Executing<F>>(operation: Operation<F, E>): Promise<E> {
    const { running, copied } = await this.#start(operation);
    const [ended] = await Promise.allSettled([running.wait(), copied]);
    if (ended.status === 'rejected') throw ended.reason;
    return running;
  }

  async #start<E extends Executing<F>>(operation: Operation<F, E>): Promise<Started<E>> {
    return await this.#track(this.#startRun(operation));
  }

  /** Makes the disposal wait for it. */
  async #track<T>(start: Promise<T>): Promise<T> {
    this.#starting.add(start);
    try {
      return await start;
    } finally {
      this.#starting.delete(start);
    }
  }

  async #startRun<E extends Executing<F>>({ command, own, showsOutput, handle }: Operation<F, E>): Promise<Started<E>> {
    const { cwd, startTimeoutMs = START_TIMEOUT_MS } = this.#own;
    checkOwnOptions(this.#own, own);
    const abort = new LinkedAbort([this.#disposal.signal, this.#own.signal, own.signal]);
    try {
      abort.signal.throwIfAborted();
      const { child, interpreter } = await this.#startChild(command);
      const copied = showsOutput
        ? Promise.all([copyLog(child.stdout, process.stdout), copyLog(child.stderr, process.stderr)])
        : Promise.resolve();
      copied.catch(() => {}); // somebody removed the output: that is for those to say who ask for it
      try {
        const attributes = await announcement(child, {
          of: command.name === 'spin' ? 'task' : 'run',
          startTimeoutMs,
          signal: abort.signal,
        });
        const { run, home } = await this.#openRun(attributes);
        const parts: ExecutingParts<F> = {
          child,
          run,
          // A dry run announces the run that it is about, whose end is none of ours.
          home: command.options['dryRun'] === true ? undefined : home,
          signal: abort.signal,
          timeoutMs: own.timeoutMs,
          reject: own.reject ?? false,
          advice: advice(command, attributes, [
            ...interpreter.prefix,
            this.flowFile,
            // Without these two, whoever repeats the command in the same folder finds the same home.
            ...(home !== undefined && (cwd ?? this.#topLevel['home']) !== undefined ? [`--home=${home.path}`] : []),
          ]),
        };
        const running = await handle(parts, attributes);
        this.#runs.add(running);
        void child.cleared().then(() => abort[Symbol.dispose]());
        return { running, copied };
      } catch (error) {
        await child.end();
        await child.finish();
        await Promise.allSettled([copied]);
        await child.removeFiles();
        throw error;
      }
    } catch (error) {
      abort[Symbol.dispose]();
      throw error;
    }
  }

  #interpreter(): Interpreter {
    const { interpreter: prefix } = this.#own;
    return interpreterOf(this.flowFile, {
      prefix: typeof prefix === 'string' ? [prefix] : prefix,
      compileCache: compileCacheFolder(),
    });
  }

  /** @param operation what the options belong to, and which of them are no flags, for messages */
  #commandLine(
    command: Command,
    operation: { readonly place: string; readonly own: readonly string[] } = {
      place: `${command.name}()`,
      own: OPERATION_OWN_OPTIONS,
    },
  ): CommandLine {
    return commandLine(command, {
      flowFile: this.flowFile,
      interpreter: this.#interpreter(),
      topLevel: this.#topLevel,
      runnerOwn: RUNNER_OWN_OPTIONS,
      operation,
    });
  }

  async #startChild(command: Command): Promise<{ readonly child: Child; readonly interpreter: Interpreter }> {
    const { cwd, env = {} } = this.#own;
    const interpreter = this.#interpreter();
    const line = this.#commandLine(command);
    checkFlowFile(this.flowFile);
    this.#guardian ??= shareGuardian();
    const child = await Child.start({
      flowFile: this.flowFile,
      interpreter,
      commandLine: line,
      cwd: cwd instanceof URL ? fileURLToPath(cwd) : cwd,
      env,
      guardian: this.#guardian.guardian,
    });
    return { child, interpreter };
  }

  async #describe(signal: AbortSignal): Promise<FlowDescription> {
    const { child } = await this.#startChild({ name: 'describe', parameters: {}, options: {} });
    try {
      return await flowDescription(child, { startTimeoutMs: this.#own.startTimeoutMs ?? START_TIMEOUT_MS, signal });
    } finally {
      await child.removeFiles();
    }
  }

  /** The home that a run would be kept in; `undefined` before the first run. */
  async #homeSoFar(fromEnvironment: string | undefined): Promise<Home | undefined> {
    this.#disposal.signal.throwIfAborted();
    const { cwd } = this.#own;
    const path = findHome({
      home: (this.#topLevel['home'] as string | undefined) ?? fromEnvironment ?? '', // checked with the command line
      cwd: cwd instanceof URL ? fileURLToPath(cwd) : cwd,
    });
    return path === undefined ? undefined : await this.#openHome(path);
  }

  #openHome(path: string): Promise<Home> {
    let opening = this.#homes.get(path);
    if (opening === undefined) {
      opening = openHome(path);
      this.#homes.set(path, opening);
      opening.catch(() => this.#homes.delete(path)); // the next run may find it mended
    }
    return opening;
  }

  async #openRun({ flow_name: flow, run_id: runId, home: path }: Attributes): Promise<{
    readonly run: Run<F>;
    readonly home: Home | undefined;
  }> {
    const pathspec = formatPathspec({ flow, run: runId });
    // The types of a run that is kept elsewhere are as good as the caller's word, as those of every run are.
    if (path === undefined) return { run: foreignRun(pathspec) as unknown as Run<F>, home: undefined };
    const home = await this.#openHome(path);
    return { run: await home.run<F>(pathspec), home };
  }

  async #disposeRun(running: Executing<F>): Promise<void> {
    await running[Symbol.asyncDispose]();
    this.#runs.delete(running);
  }

  async #dispose(): Promise<void> {
    this.#disposal.abort(
      new CleanedUpError(
        'could not start a run: its runner has been disposed',
        'Make a new Runner, or dispose this one later.',
      ),
    );
    await Promise.allSettled(this.#starting);
    await Promise.all([...this.#runs].map((running) => this.#disposeRun(running)));
    await Promise.all([...this.#homes.values()].map(async (opening) => (await opening).close()));
    this.#homes.clear();
    await this.#guardian?.[Symbol.asyncDispose]();
  }
}

/** The types of a task that is kept elsewhere are as good as the caller's word, as those of every task are. */
async function openTask<F extends FlowShape>(home: Home | undefined, attributes: Attributes): Promise<Task<F>> {
  const { flow_name: flow, run_id: run, step_name: step, task_id: task } = attributes;
  const pathspec = formatPathspec({ flow, run, step, task });
  return home === undefined ? (foreignTask(pathspec) as unknown as Task<F>) : await home.task<F>(pathspec);
}

/** What to do when the run failed. */
function advice(command: Command, { run_id: runId }: Attributes, program: readonly string[]): string {
  return command.name === 'spin'
    ? `Spin it again when that is mended: ${formatCommand([...program, 'spin', command.pathspec])}`
    : `Resume it when that is mended: ${formatCommand([...program, 'resume', `--origin-run-id=${runId}`])}`;
}

/** `R`, but for names that `P` does not have. */
type Exactly<R, P> = R & { readonly [Name in Exclude<keyof R, keyof P>]: never };

function checkFlowFile(flowFile: string): void {
  const stats = statSync(flowFile, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return;
  throw new FlowFileError(
    flowFile,
    `could not run ${flowFile}: ${stats === undefined ? 'there is no such file' : 'it is no file'}`,
    "Give the path of a flow script; a relative one starts at this process's working folder.",
  );
}
