import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { foreignRun } from '../client/foreign-run.ts';
import { findHome, type Home, type HomeLocation, openHome } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import type { Attributes } from '../core/attributes.ts';
import { FlowFileError, InvalidOptionError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import { formatCommand } from '../core/format-command.ts';
import { formatPathspec } from '../core/pathspec.ts';
import { privateCompileCache } from '../process/private-cache.ts';
import { announcement } from './announcement.ts';
import { Child } from './child.ts';
import { type Command, commandLine, type CommandLine } from './command-line.ts';
import { copyLog } from './copy-log.ts';
import { CleanedUpError } from './errors.ts';
import type { Executing, ExecutingParts } from './executing.ts';
import { type FlowDescription, flowDescription } from './flow-description.ts';
import { type Interpreter, interpreterOf } from './interpreter.ts';
import { LinkedAbort } from './linked-abort.ts';
import type { MapHost } from './map-rows.ts';
import type { Options } from './option-flags.ts';
import { checkOwnOptions } from './own-options.ts';
import type { RunProcess, StartedProcess } from './run-process.ts';
import {
  MAP_OWN_OPTIONS,
  OPERATION_OWN_OPTIONS,
  type OperationOwnOptions,
  RUNNER_OWN_OPTIONS,
  type RunnerOwnOptions,
} from './runner-options.ts';
import { type GuardianShare, shareGuardian } from './shared-guardian.ts';
import { type DetachedStart, startDetached } from './start-detached.ts';
import type { ProcessPlan } from './start-process.ts';

const START_TIMEOUT_MS = 3_600_000;

/** How an operation is to be done. */
export interface Operation<F extends FlowShape, E extends Executing<F>> {
  readonly command: Command;
  readonly own: OperationOwnOptions;
  /** Whether the output of the child is copied from its first byte on. */
  readonly showsOutput: boolean;
  /** Whether the child's stderr goes where its stdout goes. @default false */
  readonly joinsOutput?: boolean | undefined;
  /** Makes the handle, once the child has announced what it executes. */
  readonly handle: (parts: ExecutingParts<F>, attributes: Attributes) => E | Promise<E>;
}

/** A run or a task that has been started, and the copying of its output. */
export interface Started<E> {
  readonly running: E;
  readonly copied: Promise<unknown>;
}

/** A process that was started for an operation. */
interface StartedOperation {
  readonly process: StartedProcess & Pick<RunProcess, 'stdout' | 'stderr'>;
  readonly interpreter: Interpreter;
  /** Makes it the process of the run that it announced. */
  readonly claim: DetachedStart['claim'];
}

/**
 * What a `Runner` has started, and how it starts it: children and detached processes, the guardian and the homes that they need.
 */
export class Operations<F extends FlowShape> implements AsyncDisposable {
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

  constructor(flowFile: string, { own, topLevel }: { own: RunnerOwnOptions; topLevel: Options }) {
    this.flowFile = flowFile;
    this.#own = own;
    this.#topLevel = topLevel;
  }

  get runningCount(): number {
    return this.#runs
      .values()
      .filter(({ status }) => status === 'running')
      .toArray().length;
  }

  async start<E extends Executing<F>>(operation: Operation<F, E>): Promise<Started<E>> {
    return await this.#track(this.#startRun(operation));
  }

  /** What a sweep needs, apart from the operations themselves. */
  mapHost(signal: AbortSignal | undefined): Omit<MapHost<F>, 'run' | 'resume'> {
    return {
      isNative: this.#interpreter().kind === 'native',
      environment: { ...process.env, ...this.#own.env },
      signals: [this.#disposal.signal, this.#own.signal, signal],
      describe: async (abort) => await this.#track(this.#describe(abort)),
      check: (parameters, options) =>
        void this.#commandLine({ name: 'run', parameters, options }, { place: 'map()', own: MAP_OWN_OPTIONS }),
      home: async () => await this.#homeSoFar(),
      release: async (running) => await this.#disposeRun(running),
    };
  }

  /** Removes the temporary files of what has ended. */
  async cleanup(): Promise<void> {
    const ended = [...this.#runs].filter(({ status }) => status !== 'running');
    await Promise.all(ended.map((running) => this.#disposeRun(running)));
  }

  /** Ends what has not ended and is not detached, removes its temporary files, and closes the homes. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed ??= this.#dispose();
    return this.#disposed;
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

  #interpreter(): Interpreter {
    const { interpreter: prefix } = this.#own;
    return interpreterOf(this.flowFile, {
      prefix: typeof prefix === 'string' ? [prefix] : prefix,
      compileCache: privateCompileCache(),
    });
  }

  async #startRun<E extends Executing<F>>({
    command,
    own,
    showsOutput,
    joinsOutput,
    handle,
  }: Operation<F, E>): Promise<Started<E>> {
    const { cwd, startTimeoutMs = START_TIMEOUT_MS } = this.#own;
    checkOwnOptions(this.#own, own);
    // A dry run starts nothing that could outlive this process.
    const isDryRun = 'argv' in command ? command.argv.includes('--dry-run') : command.options['dryRun'] === true;
    const isDetached = own.detached === true && !isDryRun;
    const abort = new LinkedAbort([this.#disposal.signal, this.#own.signal, own.signal]);
    try {
      abort.signal.throwIfAborted();
      const started = isDetached
        ? await this.#startDetached(withTimeout(command, own, this.#interpreter().kind))
        : await this.#startChild(command, joinsOutput);
      const { process: child, interpreter } = started;
      const copying = showsOutput && !isDetached ? copyOutput(child) : Promise.resolve();
      copying.catch(() => {}); // somebody removed the output: that is for those to say who ask for it
      try {
        const attributes = await announcement(child, {
          of: command.name === 'spin' ? 'task' : 'run',
          startTimeoutMs,
          signal: abort.signal,
        });
        const { run, home } = await this.#openRun(attributes);
        const runProcess = await started.claim({
          pathspec: run.pathspec,
          recorded: home === undefined ? undefined : { home, run },
        });
        const parts: ExecutingParts<F> = {
          process: runProcess,
          run,
          // A dry run announces the run that it is about, whose end is none of ours.
          home: isDryRun ? undefined : home,
          ownsHome: false,
          signal: isDetached ? undefined : abort.signal,
          timeoutMs: isDetached ? undefined : own.timeoutMs,
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
        void runProcess.cleared().then(() => abort[Symbol.dispose]());
        const copied = showsOutput && isDetached ? copyOutput(runProcess) : copying;
        return { running, copied };
      } catch (error) {
        try {
          await child.end();
        } catch {
          throw error; // what is left cannot be seen at present; it is ended with this process at the latest
        }
        await child.finish();
        await Promise.allSettled([copying]);
        await child.discard();
        throw error;
      }
    } catch (error) {
      abort[Symbol.dispose]();
      throw error;
    }
  }

  #processPlan(command: Command): ProcessPlan {
    const { env = {} } = this.#own;
    const line = this.#commandLine(command);
    checkFlowFile(this.flowFile);
    return { flowFile: this.flowFile, interpreter: this.#interpreter(), commandLine: line, cwd: this.#cwd, env };
  }

  async #startChild(command: Command, joinsOutput: boolean | undefined): Promise<StartedOperation> {
    const plan = { ...this.#processPlan(command), joinsOutput };
    this.#guardian ??= shareGuardian();
    const child = await Child.start(plan, this.#guardian.guardian);
    return { process: child, interpreter: plan.interpreter, claim: async () => child };
  }

  async #startDetached(command: Command): Promise<StartedOperation> {
    const plan = this.#processPlan(command);
    // What goes back to an earlier run finds it in a home that is there: none is made for its output.
    if (command.name !== 'run' && plan.interpreter.kind === 'native') {
      await (await openHome(this.#homeLocation)).close();
    }
    return { ...(await startDetached(plan, this.#homeLocation)), interpreter: plan.interpreter };
  }

  async #describe(signal: AbortSignal): Promise<FlowDescription> {
    const plan = this.#processPlan({ name: 'describe', parameters: {}, options: {} });
    this.#guardian ??= shareGuardian();
    const child = await Child.start(plan, this.#guardian.guardian);
    try {
      return await flowDescription(child, { startTimeoutMs: this.#own.startTimeoutMs ?? START_TIMEOUT_MS, signal });
    } finally {
      await child.release();
    }
  }

  get #cwd(): string | undefined {
    const { cwd } = this.#own;
    return cwd instanceof URL ? fileURLToPath(cwd) : cwd;
  }

  /** Where the runs are kept; the option has been checked with the command line. */
  get #homeLocation(): HomeLocation {
    const fromEnvironment = { ...process.env, ...this.#own.env }['RACEWAY_HOME'];
    const home = this.#interpreter().kind === 'native' ? (this.#topLevel['home'] as string | undefined) : undefined;
    return { home: home ?? fromEnvironment ?? '', cwd: this.#cwd };
  }

  /** The home that a run would be kept in; `undefined` before the first run. */
  async #homeSoFar(): Promise<Home | undefined> {
    this.#disposal.signal.throwIfAborted();
    const path = findHome(this.#homeLocation);
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
    return { run: await home.announcedRun<F>(pathspec), home };
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
    try {
      await Promise.all([...this.#runs].map((running) => this.#disposeRun(running)));
      await Promise.all([...this.#homes.values()].map(async (opening) => (await opening).close()));
      this.#homes.clear();
    } finally {
      await this.#guardian?.[Symbol.asyncDispose](); // it ends what could not be ended from here
    }
  }
}

/** The run process sees to the time limit of a run that nobody may be watching. */
function withTimeout(command: Command, { timeoutMs }: OperationOwnOptions, kind: Interpreter['kind']): Command {
  if (timeoutMs === undefined || timeoutMs === Infinity) return command;
  if (kind === 'foreign' || command.options['timeout'] !== undefined) {
    throw new InvalidOptionError(
      { option: 'timeoutMs', expected: undefined, received: String(timeoutMs) },
      kind === 'foreign'
        ? 'a detached run of a program that is no flow script of raceway cannot be given timeoutMs: nobody would see to it'
        : 'a detached run cannot be given both timeout and timeoutMs: they are the same limit',
      kind === 'foreign' ? 'Leave it out, or end the run with kill().' : 'Give one of them.',
    );
  }
  return { ...command, options: { ...command.options, timeout: timeoutMs / 1000 } };
}

async function copyOutput({ stdout, stderr }: Pick<RunProcess, 'stdout' | 'stderr'>): Promise<void> {
  await Promise.all([copyLog(stdout, process.stdout), copyLog(stderr, process.stderr)]);
}

/** What to do when the run failed. */
function advice(command: Command, { run_id: runId }: Attributes, program: readonly string[]): string {
  return command.name === 'spin'
    ? `Spin it again when that is mended: ${formatCommand([...program, 'spin', command.pathspec])}`
    : `Resume it when that is mended: ${formatCommand([...program, 'resume', `--origin-run-id=${runId}`])}`;
}

function checkFlowFile(flowFile: string): void {
  const stats = statSync(flowFile, { throwIfNoEntry: false });
  if (stats?.isFile() === true) return;
  throw new FlowFileError(
    flowFile,
    `could not run ${flowFile}: ${stats === undefined ? 'there is no such file' : 'it is no file'}`,
    "Give the path of a flow script; a relative one starts at this process's working folder.",
  );
}
