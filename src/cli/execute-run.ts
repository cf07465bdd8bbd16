import { spawnSync } from 'node:child_process';
import { fstatSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { compileCacheFolder } from '../core/compile-cache.ts';
import { InvalidOptionError } from '../core/errors.ts';
import { formatCommand } from '../core/format-command.ts';
import { nearest } from '../core/nearest.ts';
import { describeReason } from '../core/status.ts';
import { FlowStartError } from '../runner/errors.ts';
import type { ExecutingRun } from '../runner/executing-run.ts';
import { interpreterOf } from '../runner/interpreter.ts';
import { mayDeclareSecrets } from '../runner/may-declare-secrets.ts';
import { Runner } from '../runner/runner.ts';
import type { CliContext } from './context.ts';
import { Interrupts } from './interrupts.ts';
import { racewayCommand } from './raceway-command.ts';
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
/** What a shell adds to the number of a signal. */
const SIGNALLED = 128;

/**
 * Executes a run, and shows what it prints and how far it is; or, detached, only starts it. A signal ends the run, a second one
 * without grace.
 *
 * @returns the exit status: that of the run's process, or of the signal that this one got; 1 when the former is 0 and the run is not successful
 */
export async function executeRun(context: CliContext, request: RunRequest): Promise<number> {
  const { output, options } = context;
  const { file, command, argv, home } = request;
  if (argv.includes('--help') || argv.includes('-h')) return showHelp(request);
  const isDetached = options['detach'] === true;
  const isNative = interpreterOf(resolve(file), { compileCache: '' }).kind === 'native';
  const isDryRun = argv.includes('--dry-run');
  checkRequest(request, { isJson: output.isJson, isDetached, isNative, isDryRun });
  await using runner = new Runner(file, home === undefined || !isNative ? {} : { home });
  using interrupts = new Interrupts();
  const showsOutput = !isDetached && !output.isJson;
  let started: Awaited<ReturnType<typeof runner.startCommand>>;
  try {
    started = await runner.startCommand(command, {
      argv,
      showsOutput,
      joinsOutput: showsOutput && isOnePlace(1, 2),
      detached: isDetached,
      signal: interrupts.signal,
    });
  } catch (error) {
    if (interrupts.status !== undefined) {
      output.note('Interrupted: no run was started.');
      return interrupts.status;
    }
    if (showsOutput && error instanceof FlowStartError) {
      output.error(whyNotStarted(error, request), error.code);
      return FAILED_STATUS;
    }
    // What the script says itself has been shown.
    if (showsOutput && error instanceof Error && error.cause instanceof FlowStartError) {
      return error.cause.exitCode ?? FAILED_STATUS;
    }
    throw error;
  }
  const { running, copied } = started;
  interrupts.running = running;
  if (isDetached) {
    output.json({ pathspec: running.run.pathspec, pid: running.pid });
    output.line(running.run.pathspec);
    const follow = racewayCommand(context, 'logs', '--follow', running.run.pathspec);
    if (!output.isJson) output.note(`It goes on by itself. To follow it: ${follow}`);
    return 0;
  }
  const isOfHome = isNative && !isDryRun;
  {
    await using _progress = output.isLive && isOfHome ? await showProgress(running.run) : undefined;
    await running.wait();
    await copied;
  }
  if (output.isJson && isOfHome) output.json(runFacts(running.run));
  const status = statusOf(running, { context, isOfHome });
  return interrupts.status ?? status;
}

function checkRequest(
  { file, command, argv }: RunRequest,
  is: {
    readonly isJson: boolean;
    readonly isDetached: boolean;
    readonly isNative: boolean;
    readonly isDryRun: boolean;
  },
): void {
  if (file.startsWith('-')) {
    const meant = nearest(file, ['--detach', '--home', '--json', '--no-color']);
    throw new InvalidOptionError(
      { option: file, expected: 'a flow script', received: file },
      `there is no option ${file}`,
      meant === undefined ? 'The options of the flow stand behind its file.' : `Did you mean ${meant}?`,
    );
  }
  if (is.isDetached && !is.isNative) {
    throw new InvalidOptionError(
      { option: 'detach', expected: 'a flow script of raceway', received: file },
      `cannot start ${file} detached from here: it is no flow script of raceway, and its run would be found by no other command`,
      'Start it from a script: new Runner(file).asyncRun({}, { detached: true }), and Runner.attach(pathspec).',
    );
  }
  if (is.isDryRun && (is.isJson || is.isDetached)) {
    throw new InvalidOptionError(
      { option: 'dry-run', expected: `a ${command} that prints text`, received: argv.join(' ') },
      'a dry run only prints its plan, as text',
      'Leave --json and --detach out.',
    );
  }
}

/** What the script printed has been shown, so it is not repeated. */
function whyNotStarted(
  { exitCode, signalCode, lostOutput: lost }: FlowStartError,
  { file, command, argv }: RunRequest,
): string {
  const { prefix } = interpreterOf(resolve(file), { compileCache: '' });
  // A shell looks on PATH for a program that is named without a folder.
  const named = prefix.length === 0 && !file.includes('/') ? `./${file}` : file;
  const hasSecrets = prefix.length > 0 && mayDeclareSecrets(resolve(file)); // what is printed here may be kept
  const start = formatCommand([...prefix.map(short), named, command, ...(hasSecrets ? [] : argv)]);
  const again = hasSecrets && argv.length > 0 ? `${start} (and the arguments that you gave)` : start;
  if (exitCode === 0 && lost === undefined) {
    return `${file} has run no flow, and ended with success\nDoes it end in \`await main(MyFlow)\`? To see what it does: ${again}`;
  }
  const end = signalCode === null ? `ended with exit status ${exitCode}` : `was ended by ${signalCode}`;
  if (lost !== undefined) {
    return `no run was started: ${file} ${end} before it announced one, and what it printed ${lost.why}\n${lost.advice} To try it by itself: ${again}`;
  }
  return `no run was started: ${file} ${end} before it announced one\nMend what it says above. To try it by itself: ${again}`;
}

function short(program: string): string {
  return program === process.execPath ? 'node' : program;
}

/** Says what the run's process could not say itself. */
function statusOf(running: ExecutingRun, { context, isOfHome }: { context: CliContext; isOfHome: boolean }): number {
  const { exitCode, signalCode, reason, run } = running;
  const isFailedInSilence = exitCode === 0 && reason !== undefined;
  if (signalCode === null && !isFailedInSilence) return exitCode ?? FAILED_STATUS;
  const canBeSeen = isOfHome && reason?.kind !== 'unread';
  const isLeft = isFailedInSilence && reason.kind === 'exit';
  const doctor = `\nIf its script does not leave early, the home has lost the end of it: ${racewayCommand(context, 'doctor')}`;
  const next = canBeSeen ? `\nTo see how far it came: ${racewayCommand(context, 'why', run.pathspec)}` : '';
  const why = reason === undefined ? String(signalCode) : describeReason(reason);
  context.output.note(`${run.pathspec} failed: ${why}${isLeft ? doctor : ''}${next}`);
  return signalCode === null ? FAILED_STATUS : SIGNALLED + constants.signals[signalCode];
}

/** Whether two of this process's streams end in the same place, as on a terminal or with `2>&1`. */
function isOnePlace(one: number, other: number): boolean {
  const [first, second] = [fstatSync(one), fstatSync(other)];
  return first.dev === second.dev && first.ino === second.ino;
}

/** The flow script says what it takes. */
function showHelp({ file, command, argv }: RunRequest): number {
  const { prefix, env } = interpreterOf(resolve(file), { compileCache: compileCacheFolder() });
  const [program = '', ...rest] = [...prefix, file, command, ...argv];
  const { status, error } = spawnSync(program, rest, { stdio: 'inherit', env: { ...env, ...process.env } });
  if (error !== undefined) throw error;
  return status ?? FAILED_STATUS;
}
