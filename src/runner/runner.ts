import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { foreignTask } from '../client/foreign-task.ts';
import type { Home } from '../client/home.ts';
import type { Task } from '../client/task.ts';
import type { Attributes } from '../core/attributes.ts';
import type { AnyFlow, FlowShape, ParameterInputs } from '../core/flow-shape.ts';
import { invalid } from '../core/invalid.ts';
import { formatPathspec } from '../core/pathspec.ts';
import { attach, type AttachOptions } from './attach.ts';
import type { Executing } from './executing.ts';
import { ExecutingRun } from './executing-run.ts';
import { ExecutingTask } from './executing-task.ts';
import type { MapResults } from './map-result.ts';
import { type MapHost, mapRows } from './map-rows.ts';
import { type Operation, Operations, type Started } from './operations.ts';
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

/**
 * Runs a flow script as a child process. Each operation has two forms: the plain name resolves when the run has ended, the
 * one with `async` as soon as it has started. Any number may be in flight at once.
 *
 * However this process ends, the runs it started end too, with everything they started, unless they were started detached.
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
  readonly #operations: Operations<F>;

  /**
   * Does nothing with the file yet: one that is missing rejects the first operation.
   *
   * @param flowFile a path, relative to this process's working folder, or a `file:` URL
   */
  constructor(flowFile: string | URL, options?: RunnerOptions<NoInfer<F>>) {
    this.flowFile = resolve(flowFile instanceof URL ? fileURLToPath(flowFile) : flowFile);
    const { own, flags } = splitOptions<RunnerOwnOptions>(options ?? {}, RUNNER_OWN_OPTIONS);
    this.#own = own;
    this.#operations = new Operations(this.flowFile, { own, topLevel: flags });
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
    return (await this.#operations.start(this.#runOperation(parameters, options, false))).running;
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
    return (await this.#operations.start(this.#resumeOperation(options, false))).running;
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
    return (await this.#operations.start(this.#spinOperation(pathspec, options, false))).running;
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
   *   console.log(parameters, run?.status ?? error?.message);
   * }
   */
  map<const R extends ParameterInputs<F>>(
    rows: Iterable<Exactly<R, ParameterInputs<F>>> | AsyncIterable<Exactly<R, ParameterInputs<F>>>,
    options?: MapOperationOptions<F>,
  ): MapResults<F, R> {
    const { own, flags } = splitOptions<MapOwnOptions & OperationOwnOptions>(options ?? {}, MAP_OWN_OPTIONS);
    checkOwnOptions(this.#own, own);
    const host: MapHost<F> = {
      ...this.#operations.mapHost(own.signal),
      run: async (row, given) => (await this.#operations.start(this.#runOperation(row, given, false))).running,
      resume: async (given) => (await this.#operations.start(this.#resumeOperation(given, false))).running,
    };
    // That the rows are of this type is what was asked for above; whatever they are, they are given back as they are.
    return mapRows(host, rows, { own, flags }) as unknown as MapResults<F, R>;
  }

  /**
   * A handle on a run of a home, whoever started it: live or ended, detached or not. It does not own the run: its disposal and
   * `wait({ timeoutMs })` let go of it, and only `kill()` ends it. What a run printed is there if it was started detached.
   *
   * @param pathspec `Flow/run`
   * @throws {NotFoundError} when there is no such run
   * @throws {RacewayError} `HOME` when there is no home, or it cannot be read
   *
   * @example
   * await using running = await Runner.attach<SlowFlow>('SlowFlow/1763719200123456');
   * for await (const { line } of running.streamLog('stdout')) console.log(line);
   */
  static async attach<F extends FlowShape = AnyFlow>(
    pathspec: string,
    options: AttachOptions = {},
  ): Promise<ExecutingRun<F>> {
    return await attach<F>(pathspec, options);
  }

  /** Removes the temporary files of every run that this runner started and that has ended. Their output is gone then. */
  async cleanup(): Promise<void> {
    await this.#operations.cleanup();
  }

  /**
   * Ends every run of this runner that has not ended and is not detached, cleans up, and closes the homes: `run.data` cannot be
   * read any more.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#operations[Symbol.asyncDispose]();
  }

  [inspect.custom](): string {
    return `Runner ${this.flowFile} (${this.#operations.runningCount} running)`;
  }

  /**
   * Starts a command with arguments as they were typed, whatever they are.
   *
   * @internal
   * @param options.argv what stands behind the command
   * @param options.joinsOutput whether stderr goes where stdout goes, so that what is printed stays in order
   * @returns the handle, and the copying of the output if that is shown
   */
  async startCommand(
    name: 'run' | 'resume',
    {
      argv,
      showsOutput,
      joinsOutput,
      ...own
    }: { argv: readonly string[]; showsOutput: boolean; joinsOutput: boolean } & OperationOwnOptions,
  ): Promise<Started<ExecutingRun<F>>> {
    return await this.#operations.start({
      command: { name, argv, options: {} },
      own,
      showsOutput,
      joinsOutput,
      handle: (parts) => new ExecutingRun(parts),
    });
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
    const { running, copied } = await this.#operations.start(operation);
    const [ended] = await Promise.allSettled([running.wait(), copied]);
    if (ended.status === 'rejected') throw ended.reason;
    return running;
  }
}

/** The types of a task that is kept elsewhere are as good as the caller's word, as those of every task are. */
async function openTask<F extends FlowShape>(home: Home | undefined, attributes: Attributes): Promise<Task<F>> {
  const { flow_name: flow, run_id: run, step_name: step, task_id: task } = attributes;
  const pathspec = formatPathspec({ flow, run, step, task });
  return home === undefined ? (foreignTask(pathspec) as unknown as Task<F>) : await home.task<F>(pathspec);
}

/** `R`, but for names that `P` does not have. */
type Exactly<R, P> = R & { readonly [Name in Exclude<keyof R, keyof P>]: never };
