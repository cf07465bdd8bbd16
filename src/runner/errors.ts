import { RacewayError } from '../core/errors.ts';
import { harmless } from '../core/harmless.ts';
import { describeReason } from '../core/status.ts';
import type { ExecutingRun } from './executing-run.ts';
import type { ExecutingTask } from './executing-task.ts';
import { INTERNAL_SPIN_FLAGS } from '../core/flags.ts';
import { formatCommand } from '../core/format-command.ts';
import type { LostOutput } from './lost-output.ts';

/** How much of a child's output a message repeats, in characters. */
const EXCERPT_LENGTH = 4000;

/** What a child did before it announced a run. */
export interface StartFacts {
  /** What was executed. */
  readonly command: readonly string[];
  /** The end of what it wrote to stdout, at most 1 MB. */
  readonly stdout: string;
  /** The end of what it wrote to stderr, at most 1 MB. */
  readonly stderr: string;
}

/** The same, and what only the message says. */
export interface ToldFacts extends StartFacts {
  readonly lostOutput?: LostOutput | undefined;
}

/** The child ended before it announced a run. */
export class FlowStartError extends RacewayError implements StartFacts {
  declare readonly code: 'FLOW_START';
  readonly command: readonly string[];
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  /** `null` when it exited by itself. */
  readonly signalCode: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /**
   * Why what it printed is not all there.
   *
   * @internal
   */
  declare readonly lostOutput: LostOutput | undefined;

  static {
    this.prototype.name = 'FlowStartError';
  }

  constructor(facts: ToldFacts & { readonly exitCode: number | null; readonly signalCode: NodeJS.Signals | null }) {
    const { command, exitCode, signalCode, stdout, stderr, lostOutput: lost } = facts;
    const end =
      signalCode !== null
        ? `was ended by ${signalCode}`
        : exitCode === null
          ? 'ended, nobody knows how,'
          : `ended with exit status ${exitCode}`;
    super(
      'FLOW_START',
      `no run was started: the child ${end} before it announced one${lost === undefined ? '' : `, and what it printed ${lost.why}`}`,
      `${lost === undefined ? '' : `${lost.advice} `}Run the command yourself${withFiles(command)}${lost === undefined ? ', or read what it printed' : ''}: ${ownCommand(command)}${excerpts({ stdout, stderr })}`,
    );
    // Not enumerable: the message has said it.
    Object.defineProperty(this, 'lostOutput', { value: lost, enumerable: false });
    this.command = command;
    this.exitCode = exitCode;
    this.signalCode = signalCode;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Nothing was announced within `startTimeoutMs`; the child has been ended. */
export class StartTimeoutError extends RacewayError implements StartFacts {
  declare readonly code: 'START_TIMEOUT';
  readonly command: readonly string[];
  readonly stdout: string;
  readonly stderr: string;

  static {
    this.prototype.name = 'StartTimeoutError';
  }

  constructor({ command, stdout, stderr }: StartFacts, startTimeoutMs: number) {
    super(
      'START_TIMEOUT',
      `no run was started: the child announced none within ${startTimeoutMs} ms, and was ended`,
      `Give it longer with startTimeoutMs, or see what keeps it${withFiles(command)}: ${ownCommand(command)}${excerpts({ stdout, stderr })}`,
    );
    this.command = command;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** The run did not succeed, and the operation was given `reject: true`. */
export class RunFailedError extends RacewayError {
  declare readonly code: 'RUN_FAILED';
  /** The run, or the single task, ended. */
  readonly running: ExecutingRun | ExecutingTask;

  static {
    this.prototype.name = 'RunFailedError';
  }

  constructor(
    running: ExecutingRun | ExecutingTask,
    output: { readonly stdout: string; readonly stderr: string },
    advice: string,
  ) {
    const { status, reason } = running;
    const why = reason === undefined ? '' : `: ${describeReason(reason)}`;
    super('RUN_FAILED', `${running.toString()} ended with status ${status}${why}`, `${advice}${excerpts(output)}`);
    // Not enumerable, or printing the error would print everything that hangs on the handle.
    Object.defineProperty(this, 'running', { value: running, enumerable: false });
    this.running = running;
  }
}

/** The output of a run, or the end of one that goes on, was asked for after its handle or its Runner had been disposed. */
export class CleanedUpError extends RacewayError {
  declare readonly code: 'CLEANED_UP';

  static {
    this.prototype.name = 'CleanedUpError';
  }

  constructor(what: string, advice: string) {
    super('CLEANED_UP', what, advice);
  }
}

/** The command as it works in a shell: the files that the child was given are gone. */
function ownCommand(command: readonly string[]): string {
  return formatCommand(command.filter((argument) => !INTERNAL.some((flag) => isFlag(argument, flag))));
}

/** What has to be added to that. */
function withFiles(command: readonly string[]): string {
  const { parametersFile, artifactsFile, argumentsFile } = INTERNAL_SPIN_FLAGS;
  const what = [
    ...(command.some((argument) => isFlag(argument, parametersFile.flag)) ? ['parameters'] : []),
    ...(command.some((argument) => isFlag(argument, artifactsFile.flag)) ? ['artifacts'] : []),
    ...(command.some((argument) => isFlag(argument, argumentsFile.flag)) ? ['arguments'] : []),
  ];
  return what.length === 0 ? '' : ` (and add the ${new Intl.ListFormat('en-GB').format(what)} that it got in a file)`;
}

const INTERNAL = Object.values(INTERNAL_SPIN_FLAGS).map(({ flag }) => flag);

function isFlag(argument: string, flag: string): boolean {
  return argument === `--${flag}` || argument.startsWith(`--${flag}=`);
}

function excerpts({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): string {
  return excerpt('stderr', stderr) + excerpt('stdout', stdout);
}

function excerpt(name: string, text: string): string {
  const trimmed = text.trimEnd();
  if (trimmed === '') return '';
  const cut = trimmed.length > EXCERPT_LENGTH ? `…${trimmed.slice(-EXCERPT_LENGTH)}` : trimmed;
  return `\n\n${name}:\n${harmless(cut, '\n\t')}`;
}
