import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { PROTOCOL } from '../core/attributes.js';
import { RacewayError } from '../core/errors.js';
import { checkTags } from '../core/tags.js';
import { VERSION } from '../core/version.js';
import { runFlow } from '../engine/run-flow.js';
import { ownIdentity } from '../process/identity.js';
import { userName } from '../process/user-name.js';
import { encodeText } from '../store/encoding.js';
import { locateHome, makeHome } from '../store/home-folder.js';
import { openSqliteStore } from '../store/sqlite-store.js';
import { announceRun } from './attribute-file.js';
import { checkedGraph } from './checked-graph.js';
import { JsonConsole, TextConsole } from './console.js';
/** Exit statuses that say which signal ended a program: 128 and its number. */
const SIGNAL_STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
const DEFAULT_LOG_MEGABYTES = 10;
const DEFAULT_GRACE_SECONDS = 5;
/** The Runner kills this process when the grace is over; tasks get a little less, so that their end can be recorded. */
const TASK_SHARE_OF_GRACE = 0.8;
/** What `run` and `resume` have in common: the console, the store, the signals, and how a run is made. */
export class RunSession {
  user = userName();
  console;
  #context;
  #options;
  #workers;
  #graceMs;
  #stop = new AbortController();
  #store;
  constructor(context, workers) {
    this.#context = context;
    this.#workers = workers;
    this.#options = context.commandLine.options;
    this.#graceMs = (this.#options.grace ?? DEFAULT_GRACE_SECONDS) * 1000 * TASK_SHARE_OF_GRACE;
    const resumeCommand = (runId) => `node ${context.script} resume --origin-run-id ${runId}`;
    this.console =
      context.commandLine.topLevel.logFormat === 'json' ? new JsonConsole() : new TextConsole({ resumeCommand });
    for (const signalCode of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signalCode, () => this.#interrupt(signalCode));
    checkTags(this.#options.tags ?? []);
  }
  /** Where the store is; made when it is first opened. */
  get home() {
    return locateHome({ home: this.#context.commandLine.topLevel.home });
  }
  /** The store of the home, which is made if need be. */
  get store() {
    if (this.#store === undefined) {
      const { home } = this;
      if (makeHome(home)) this.say(`Made the home ${home}`);
      this.#store = openSqliteStore(home, { access: 'write' });
    }
    return this.#store;
  }
  /** The flow's graph for these parameters. @throws {RacewayError} `FLOW_DEFINITION` when the lint finds something */
  graph(parameters) {
    const { definition, commandLine } = this.#context;
    this.say(`raceway ${VERSION} executing ${definition.name} for user:${this.user}`);
    if (commandLine.topLevel.lint !== false) this.say('Validating your flow...');
    const graph = checkedGraph(definition, { parameters, lint: commandLine.topLevel.lint !== false });
    if (commandLine.topLevel.lint !== false) this.say('    The graph looks good!');
    return graph;
  }
  /** Makes the run, announces it, executes it, and resolves with the exit status. */
  async execute({ graph, parameters, tags = this.#options.tags ?? [], originRunId, first }) {
    const { definition } = this.#context;
    const { home, store } = this;
    const encoded = encodeText(parameters);
    if (encoded.kind === 'refused') {
      throw new RacewayError('ARTIFACT', `the parameters cannot be stored: they hold ${encoded.what}`);
    }
    const writer = await store.createRun({
      flow: definition.name,
      user: this.user,
      userTags: tags,
      systemTags: [`user:${this.user}`, `node:${process.versions.node}`, `raceway:${VERSION}`],
      originRunId,
      parameters: encoded.text,
      command: process.argv,
      process: ownIdentity(),
    });
    if (this.#options.runIdFile !== undefined) writeFileSync(this.#options.runIdFile, writer.runId);
    const report = this.console.report.bind(this.console);
    report({ type: 'run-started', pathspec: `${definition.name}/${writer.runId}`, originRunId });
    const ready = await first(writer);
    announceRun(this.#options.runnerAttributeFile, {
      flow_name: definition.name,
      run_id: writer.runId,
      metadata: `raceway@${home}`,
      home,
      protocol: PROTOCOL,
    });
    const state = await runFlow(
      {
        home,
        graph,
        writer,
        store,
        pool: this.#workers.pool,
        logs: this.#workers.logs,
        report,
        signal: this.#stop.signal,
        parameters: encoded.text,
        user: this.user,
        tags,
        originRunId,
        maxWorkers: this.#options.maxWorkers ?? availableParallelism(),
        maxLogBytes: (this.#options.maxLogSize ?? DEFAULT_LOG_MEGABYTES) * 1_000_000,
        graceMs: this.#graceMs,
      },
      ready,
    );
    if (state.status === 'successful') return 0;
    const stop = this.#stop.signal.reason;
    return stop === undefined ? 1 : SIGNAL_STATUS[stop.signalCode];
  }
  /** Something for people on stderr, unless they asked for quiet. */
  say(text) {
    if (this.#context.commandLine.topLevel.quiet !== true) process.stderr.write(`${text}\n`);
  }
  async [Symbol.asyncDispose]() {
    await this.#store?.close();
  }
  #interrupt(signalCode) {
    if (this.#stop.signal.aborted) {
      void this.#workers.pool.end({ graceMs: 0 }); // asked a second time: no more grace
      return;
    }
    this.console.remark(`Workflow interrupted by ${signalCode}: ending its tasks.`);
    this.#stop.abort({ kind: 'signal', signalCode });
  }
}
