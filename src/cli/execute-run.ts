import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { compileCacheFolder } from '../core/compile-cache.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { formatCommand } from '../core/format-command.ts';
import { FlowStartError } from '../runner/errors.ts';
import type { ExecutingRun } from '../runner/executing-run.ts';
import { interpreterOf } from '../runner/interpreter.ts';
import { Runner } from '../runner/runner.ts';
import type { CliContext } from './context.ts';
import { runFacts } from './run-facts.ts';
import { showProgress } from './run-progress.ts';

/** A run that is to be started, or resumed. */
export interface RunRequest {
  readonly file: string;
  readonly command: 'run' | 'resume';
  /** What stands behind the command, for the flow script. */
  readonly argv: readonly string[];
  readonly home: string | undefined;
}

const FAILED_STATUS = 1;
const SIGNAL_STATUS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Executes a run, and shows what it prints and how far it is; or, detached, only starts it. A signal ends the run, a second one
 * without grace.
 *
 * @returns the exit status: that of the run's process
 */
export async function executeRun(context: CliContext, request: RunRequest): Promise<number> {
  const { output, options } = context;
  const { file, command, argv, home } = request;
  if (argv.includes('--help') || argv.includes('-h')) return showHelp(request);
  const isDetached = options['detach'] === true;
  const isNative = interpreterOf(resolve(file), { compileCache: '' }).kind === 'native';
  if (isDetached && !isNative) {
    throw new InvalidOptionError(
      { option: 'detach', expected: 'a flow script of raceway', received: file },
      `cannot start ${file} detached from here: it is no flow script of raceway, and its run would be found by no other command`,
      'Start it from a script: new Runner(file).asyncRun({}, { detached: true }), and Runner.attach(pathspec).',
    );
  }
  await using runner = new Runner(file, home === undefined || !isNative ? {} : { home });
  using interrupts = new Interrupts();
  const showsOutput = !isDetached && !output.isJson;
  let started: Awaited<ReturnType<typeof runner.startCommand>>;
  try {
    started = await runner.startCommand(command, {
      argv,
      showsOutput,
      detached: isDetached,
      signal: interrupts.signal,
    });
  } catch (error) {
    if (interrupts.status !== undefined) {
      output.note('Interrupted: no run was started.');
      return interrupts.status;
    }
    const refusal = refusalIn(error);
    // What it printed has been shown.
    if (showsOutput && refusal !== undefined) {
      if (argv.includes('--detach')) output.note(`--detach stands in front of the file: raceway ${command} --detach …`);
      return refusal.exitCode ?? FAILED_STATUS;
    }
    throw error;
  }
  const { running, copied } = started;
  interrupts.running = running;
  if (isDetached) {
    output.json({ pathspec: running.run.pathspec, pid: running.pid });
    output.line(running.run.pathspec);
    const follow = ['raceway', ...(context.home === undefined ? [] : [`--home=${context.home}`]), 'logs', '--follow'];
    output.note(`It goes on by itself. To follow it: ${formatCommand([...follow, running.run.pathspec])}`);
    return 0;
  }
  const isOfHome = isNative && !argv.includes('--dry-run');
  {
    await using _progress = output.isLive && isOfHome ? await showProgress(running.run) : undefined;
    await running.wait();
    await copied;
  }
  if (output.isJson && isOfHome) output.json(runFacts(running.run));
  return interrupts.status ?? running.exitCode ?? FAILED_STATUS;
}

/** What is known of a flow script that said itself why it started no run. */
function refusalIn(error: unknown): FlowStartError | undefined {
  return error instanceof Error && error.cause instanceof FlowStartError ? error.cause : undefined;
}

/** The flow script says what it takes. */
function showHelp({ file, command, argv }: RunRequest): number {
  const { prefix, env } = interpreterOf(resolve(file), { compileCache: compileCacheFolder() });
  const [program = '', ...rest] = [...prefix, file, command, ...argv];
  const { status, error } = spawnSync(program, rest, { stdio: 'inherit', env: { ...env, ...process.env } });
  if (error !== undefined) throw error;
  return status ?? FAILED_STATUS;
}

/** What signals do to the run. */
class Interrupts implements Disposable {
  running: ExecutingRun | undefined;
  readonly #abort = new AbortController();
  #status: number | undefined;

  constructor() {
    for (const signalCode of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signalCode, this.#interrupt);
  }

  /** Aborted with the first signal: it ends the run. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The exit status that says which signal came, if one did. */
  get status(): number | undefined {
    return this.#status;
  }

  [Symbol.dispose](): void {
    for (const signalCode of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signalCode, this.#interrupt);
  }

  readonly #interrupt = (signalCode: keyof typeof SIGNAL_STATUS): void => {
    if (this.#status !== undefined) void this.running?.kill({ graceMs: 0 });
    this.#status ??= SIGNAL_STATUS[signalCode];
    this.#abort.abort();
  };
}
