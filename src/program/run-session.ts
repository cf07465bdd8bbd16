import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { PROTOCOL } from '../core/attributes.ts';
import { InvalidOptionError, RacewayError } from '../core/errors.ts';
import { DEFAULT_NUM_SPLITS, type InternalOptions, type RunOptions } from '../core/flags.ts';
import { formatCommand } from '../core/format-command.ts';
import { harmless } from '../core/harmless.ts';
import { LONGEST_TIMER_MS } from '../core/longest-timer.ts';
import { parsePathspec } from '../core/pathspec.ts';
import { checkTags } from '../core/tags.ts';
import { VERSION } from '../core/version.ts';
import { readSecrets, type StepSecrets } from '../engine/read-secrets.ts';
import { SecretMask } from '../engine/secret-mask.ts';
import { type Beginning, policiesOf, runFlow, type Stop } from '../engine/run-flow.ts';
import { checkedGraph } from '../flow/checked-graph.ts';
import { encodeParameters } from '../flow/encode-parameters.ts';
import type { Graph } from '../flow/graph.ts';
import { secretValues, withoutSecrets } from '../flow/secret-values.ts';
import type { StepPolicy } from '../flow/step-policy.ts';
import { ownIdentity } from '../process/identity.ts';
import { userName } from '../process/user-name.ts';
import { homeError } from '../store/home-error.ts';
import { describeExposure, locateHome, makeHome } from '../store/home-folder.ts';
import type { RunKind, RunWriter } from '../store/run-store.ts';
import { openSqliteStore, type SqliteStore } from '../store/sqlite-store.ts';
import { announceRun } from './attribute-file.ts';
import { JsonConsole, type RunConsole, TextConsole } from './console.ts';
import type { ProgramContext } from './program.ts';
import type { Workers } from './workers.ts';

/** Exit statuses that say which signal ended a program: 128 and its number. */
const SIGNAL_STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const TIMEOUT_STATUS = 124;

const FAILED_STATUS = 1;
const DEFAULT_LOG_MEGABYTES = 10;
const DEFAULT_GRACE_SECONDS = 5;
/** The Runner kills this process when the grace is over; tasks get a little less, so that their end can be recorded. */
const TASK_SHARE_OF_GRACE = 0.8;
/** What a run that was told twice to end may take to record it, in milliseconds. */
const LAST_WORDS_MS = 1000;

/** A run that is to be made. */
export interface RunOrder {
  /** A `spin` is announced together with its only task, when that starts. @default 'run' */
  readonly kind?: RunKind;
  readonly graph: Graph;
  /** @default what the decorators of the graph's steps ask for */
  readonly policies?: ReadonlyMap<string, StepPolicy>;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** @default those of the command line */
  readonly tags?: readonly string[];
  readonly originRunId?: string;
  /** What to begin with, once the run exists. */
  readonly first: (writer: RunWriter) => Promise<Beginning>;
}

/** The same when the run has been made. */
interface MadeRunOrder extends RunOrder {
  readonly kind: RunKind;
  readonly policies: ReadonlyMap<string, StepPolicy>;
  readonly tags: readonly string[];
  /** The parameters as tasks get them. */
  readonly forTasks: string;
  readonly secrets: StepSecrets;
}

/** What `run`, `resume` and `spin` have in common: the console, the store, the signals, and how a run is made. */
export class RunSession {
  readonly user = userName();
  readonly console: RunConsole;
  readonly #context: ProgramContext;
  readonly #options: RunOptions & InternalOptions;
  readonly #workers: Workers;
  readonly #graceMs: number;
  readonly #stop = new AbortController();
  #phase: 'before the run' | 'in the run' | 'after the run' = 'before the run';
  #home: string | undefined;
  #store: SqliteStore | undefined;

  constructor(context: ProgramContext, workers: Workers) {
    this.#context = context;
    this.#workers = workers;
    this.#options = context.commandLine.options;
    this.#graceMs = (this.#options.grace ?? DEFAULT_GRACE_SECONDS) * 1000 * TASK_SHARE_OF_GRACE;
    const { home } = context.commandLine.topLevel;
    const place = home === undefined ? [] : [`--home=${home}`];
    const resumeCommand = (runId: string): string =>
      formatCommand(['node', context.script, ...place, 'resume', `--origin-run-id=${runId}`]);
    this.console =
      context.commandLine.topLevel.logFormat === 'json'
        ? new JsonConsole()
        : new TextConsole({ resumeCommand: context.commandLine.command === 'spin' ? undefined : resumeCommand });
    for (const signalCode of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signalCode, () => this.#interrupt(signalCode));
    checkTags(this.#options.tags ?? []);
  }

  /** Where the store is. */
  get home(): string {
    this.#home ??= locateHome({ home: this.#context.commandLine.topLevel.home }); // later the working folder may be gone
    return this.#home;
  }

  /**
   * The store of the home, which is made if need be, but not for what goes back to an earlier run. It is not closed: that
   * would write the WAL back, which takes longer than the rest of a small run, and the process ends anyway.
   *
   * @throws {RacewayError} `HOME` when it is not there and not to be made, or cannot be made, read or written to
   */
  get store(): SqliteStore {
    if (this.#store === undefined) {
      const { home } = this;
      const isNew = this.#context.commandLine.command === 'run';
      if (isNew && makeHome(home)) this.say(`Made the home ${home}`);
      this.#store = openSqliteStore(home, { access: isNew ? 'write' : 'read' });
      const exposure = describeExposure(home);
      if (exposure !== undefined) this.say(exposure);
    }
    return this.#store;
  }

  /** The flow's graph for these parameters. @throws {RacewayError} `FLOW_DEFINITION` when the lint finds something */
  graph(parameters: Readonly<Record<string, unknown>>): Graph {
    const { definition, commandLine } = this.#context;
    this.say(`raceway ${VERSION} executing ${definition.name} for user:${this.user}`);
    if (commandLine.topLevel.lint !== false) this.say('Validating your flow...');
    const graph = this.#masked(parameters, () =>
      checkedGraph(definition, {
        parameters,
        lint: commandLine.topLevel.lint !== false,
        with: commandLine.topLevel.with,
      }),
    );
    if (commandLine.topLevel.lint !== false) this.say('    The graph looks good!');
    return graph;
  }

  /** Makes the run, announces it, executes it, and resolves with the exit status. */
  async execute(order: RunOrder): Promise<number> {
    const { kind = 'run', graph, policies = policiesOf(graph), parameters, originRunId } = order;
    const { tags = this.#options.tags ?? [] } = order;
    const { definition } = this.#context;
    const { runIdFile } = this.#options;
    const { variables, values } = readSecrets(policies);
    const secrets = { variables, values: [...values, ...secretValues(definition.parameters, parameters)] };
    if (secrets.values.length > 0) process.report.excludeEnv = true; // a secret may have come from there
    if (runIdFile !== undefined) writeRunId(runIdFile, '');
    const { store } = this;
    const forTasks = encodeParameters(parameters);
    const forStore = encodeParameters(withoutSecrets(definition.parameters, parameters));
    this.#phase = 'in the run'; // from here on a signal is for `runFlow`, which records that it came
    const writer = await store.createRun({
      flow: definition.name,
      kind,
      user: this.user,
      userTags: tags,
      systemTags: [`user:${this.user}`, `node:${process.versions.node}`, `raceway:${VERSION}`],
      originRunId,
      parameters: forStore,
      command: this.#context.command,
      process: ownIdentity(),
    });
    try {
      return await this.#carryOut(writer, { ...order, kind, policies, tags, secrets, forTasks });
    } catch (error) {
      await recordFailure(writer);
      throw isOfFiles(error)
        ? homeError(kind === 'spin' ? 'the task could not go on' : 'the run could not go on', {
            home: this.home,
            cause: error,
            next: kind === 'spin' ? 'spin it again' : 'resume the run',
          })
        : error;
    } finally {
      this.#phase = 'after the run';
    }
  }

  async #carryOut(
    writer: RunWriter,
    { kind, graph, policies, forTasks, secrets, tags, originRunId, first }: MadeRunOrder,
  ): Promise<number> {
    const { home, store } = this;
    const { runIdFile } = this.#options;
    if (runIdFile !== undefined) writeRunId(runIdFile, writer.runId);
    const announce = (task?: { readonly step: string; readonly task: string }): void =>
      announceRun(this.#options.runnerAttributeFile, {
        flow_name: writer.flow,
        run_id: writer.runId,
        step_name: task?.step,
        task_id: task?.task,
        metadata: `raceway@${home}`,
        home,
        protocol: PROTOCOL,
      });
    const report: RunConsole['report'] = (event, exception) => {
      this.console.report(event, exception);
      if (kind === 'spin' && event.type === 'task-started') announce(parsePathspec(event.pathspec, 'task'));
    };
    report({ type: 'run-started', pathspec: `${writer.flow}/${writer.runId}`, originRunId });
    const beginning = await first(writer);
    if (kind === 'run') announce();
    const limit = this.#limitTime();
    const state = await runFlow(
      {
        home,
        graph,
        policies,
        writer,
        store,
        pool: this.#workers.pool,
        logs: this.#workers.logs,
        report,
        remark: (text) => this.#remark(text),
        signal: this.#stop.signal,
        parameters: forTasks,
        with: this.#context.commandLine.topLevel.with ?? [],
        secretVariables: secrets.variables,
        secrets: secrets.values,
        user: this.user,
        tags,
        originRunId,
        isolation: this.#options.isolation ?? 'pool',
        maxWorkers: this.#options.maxWorkers ?? availableParallelism(),
        maxNumSplits: this.#options.maxNumSplits ?? DEFAULT_NUM_SPLITS,
        maxLogBytes: (this.#options.maxLogSize ?? DEFAULT_LOG_MEGABYTES) * 1_000_000,
        graceMs: this.#graceMs,
      },
      beginning,
    ).finally(() => clearTimeout(limit));
    if (state.status === 'successful') return 0;
    const stop = this.#stop.signal.reason as Stop | undefined;
    if (stop?.kind === 'signal') return SIGNAL_STATUS[stop.signalCode];
    return stop?.kind === 'timeout' && state.status === 'timeout' ? TIMEOUT_STATUS : FAILED_STATUS;
  }

  /** Does something with code of the user that sees parameters: secret ones are masked in what it throws. */
  #masked<T>(parameters: Readonly<Record<string, unknown>>, work: () => T): T {
    try {
      return work();
    } catch (error) {
      const mask = new SecretMask(secretValues(this.#context.definition.parameters, parameters));
      if (error instanceof Error) error.message = mask.text(error.message);
      throw error;
    }
  }

  /** Something of less weight than an event, among the events, unless they asked for quiet. */
  #remark(text: string): void {
    if (this.#context.commandLine.topLevel.quiet !== true) this.console.remark(text);
  }

  /** Something for people on stderr, unless they asked for quiet. */
  say(text: string): void {
    if (this.#context.commandLine.topLevel.quiet !== true) process.stderr.write(`${harmless(text, '\n\t')}\n`);
  }

  /** Stops the run when it has had its time. */
  #limitTime(): NodeJS.Timeout | undefined {
    // The table of flags turns it into milliseconds.
    const timeoutMs = this.#options.timeout as number | undefined;
    if (timeoutMs === undefined) return undefined;
    return setTimeout(
      () => {
        if (this.#stop.signal.aborted) return;
        this.console.remark(`Workflow timed out after ${timeoutMs / 1000} s: ending its tasks.`);
        this.#stop.abort({ kind: 'timeout' } satisfies Stop);
      },
      Math.min(timeoutMs, LONGEST_TIMER_MS),
    );
  }

  #interrupt(signalCode: keyof typeof SIGNAL_STATUS): void {
    const status = SIGNAL_STATUS[signalCode];
    const isFirst = !this.#stop.signal.aborted;
    this.#stop.abort({ kind: 'signal', signalCode } satisfies Stop); // the first reason stays
    if (this.#phase === 'in the run') {
      if (isFirst) {
        this.console.remark(`Workflow interrupted by ${signalCode}: ending its tasks.`);
        return;
      }
      void this.#workers.pool.end({ graceMs: 0 }); // asked a second time: no more grace
      setTimeout(() => process.exit(status), LAST_WORDS_MS).unref();
      return;
    }
    // What keeps the process may be code of the user, such as the default of a parameter, or a reader that has stalled.
    if (!isFirst) process.exit(status);
    if (this.#phase === 'before the run') process.stderr.write(`Interrupted by ${signalCode}: no run was started.\n`);
    void this.#workers.pool.end({ graceMs: 0 }).finally(() => process.exit(status));
  }
}

/** What the system says of a file: once a run exists, such files are those of its home. */
function isOfFiles(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && !(error instanceof RacewayError);
}

/** Whatever went wrong, the run must not look as if it went on. */
async function recordFailure(writer: RunWriter): Promise<void> {
  try {
    await writer.finish({ status: 'failed', reason: { kind: 'exit', exitCode: 1 } });
  } catch {
    // The store is what went wrong. The run will be found lost, and the first error says why.
  }
}

/** Also done before the run exists, to find out in time whether it can be. */
function writeRunId(file: string, runId: string): void {
  try {
    writeFileSync(file, runId);
  } catch (cause) {
    throw new InvalidOptionError(
      { option: 'run-id-file', expected: 'a file that can be written', received: file },
      `cannot write the run id to ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Give a file in a folder that you may write to.',
      { cause },
    );
  }
}
