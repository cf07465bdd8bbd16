import { relative } from 'node:path';
import { InvalidOptionError, RacewayError } from '../core/errors.ts';
import { INTERNAL_SPIN_FLAGS } from '../core/flags.ts';
import { harmless } from '../core/harmless.ts';
import { type FlowDefinition, defineFlow } from '../flow/definition.ts';
import type { FlowClass } from '../flow/flow-spec.ts';
import { announceFailure } from './attribute-file.ts';
import { type CommandLine, parseCommandLine } from './command-line.ts';
import { type Command, COMMANDS } from './commands.ts';
import { maskArguments } from './mask-arguments.ts';
import { withTypedArguments } from './typed-arguments.ts';
import type { Workers } from './workers.ts';

/** What a command works with. */
export interface ProgramContext {
  readonly definition: FlowDefinition;
  readonly commandLine: CommandLine;
  /** The flow script as the user would write it. */
  readonly script: string;
  /** What was executed, without the values of secret parameters. */
  readonly command: readonly string[];
}

const USAGE_STATUS = 2;
const FAILED_STATUS = 1;

/** Does what the command line says and ends the process with the status. */
export async function runProgram(
  flowClass: FlowClass,
  { argv, workers }: { argv: readonly string[]; workers: Workers | undefined },
): Promise<never> {
  // Whoever read the output may leave (`| head`), and the disk of the file that it goes to may be full: the run goes on, and
  // what its tasks print is kept with it.
  let lost: NodeJS.ErrnoException | undefined;
  const lose = (error: NodeJS.ErrnoException): void => void (lost ??= error.code === 'EPIPE' ? undefined : error);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', lose);
  const status = await execute(flowClass, { argv, workers }).catch((error: unknown) => explain(error, argv));
  await workers?.[Symbol.asyncDispose]();
  await flush(process.stdout);
  if (lost !== undefined) {
    process.stderr.write(
      `Part of what was to be shown is missing: ${lost.message}\nWhat tasks printed is kept with the run.\n`,
    );
  }
  await flush(process.stderr);
  process.exit(status); // whatever the flow's module keeps open must not keep the run from ending
}

async function execute(
  flowClass: FlowClass,
  { argv, workers }: { argv: readonly string[]; workers: Workers | undefined },
): Promise<number> {
  const definition = defineFlow(flowClass);
  const given = withTypedArguments(argv);
  const commandLine = parseCommandLine(given, {
    parameters: definition.parameters,
    environment: process.env,
  });
  const script = relative(process.cwd(), process.argv[1] ?? '');
  const shown = maskArguments(given, definition.parameters);
  // What somebody typed was to be seen in the list of processes until now, or not to be seen at all.
  if (given !== argv || shown.some((argument, index) => argument !== argv[index])) {
    process.title = [process.argv0, ...process.execArgv, script, ...withoutInternals(shown)].join(' ');
  }
  const command = withoutInternals([...process.argv.slice(0, 2), ...shown]);
  const context = { definition, commandLine, script, command };
  if (commandLine.wantsHelp || commandLine.command === undefined) {
    const { formatHelp } = await import('./help.ts');
    process.stdout.write(formatHelp(context));
    return 0;
  }
  const action: Command = COMMANDS[commandLine.command];
  return action.executes
    ? (await action.load())(context, workers ?? new (await import('./workers.ts')).Workers())
    : (await action.load())(context);
}

/** What another process added for itself is of no use to whoever reads the command later. */
function withoutInternals(command: readonly string[]): readonly string[] {
  const flags = Object.values(INTERNAL_SPIN_FLAGS).map(({ flag }) => `--${flag}`);
  return command.filter((argument) => !flags.some((flag) => argument === flag || argument.startsWith(`${flag}=`)));
}

/** Says on stderr what went wrong, and to whoever started this process. */
function explain(error: unknown, argv: readonly string[]): number {
  if (isOfTheSystem(error)) {
    const isSpin = argv.find((word) => Object.hasOwn(COMMANDS, word)) === 'spin';
    const [what, advice] = isSpin ? ['task', 'spin it again'] : ['run', 'resume the run'];
    writeError(`Error: the ${what} could not go on: ${error.message}\nMend that, then ${advice}.`);
    return FAILED_STATUS;
  }
  if (!(error instanceof RacewayError)) {
    writeError(`Internal error, please report it:\n${error instanceof Error ? error.stack : String(error)}`);
    return FAILED_STATUS;
  }
  writeError(`Error: ${error.message}`);
  announceFailure(argv, error);
  const isUsage = error instanceof InvalidOptionError || ['FLOW_DEFINITION', 'PATHSPEC'].includes(error.code);
  return isUsage ? USAGE_STATUS : FAILED_STATUS;
}

/** A message may repeat anything: an argument, a name from a store, what a flow threw. */
function writeError(text: string): void {
  process.stderr.write(`${harmless(text, '\n\t')}\n`);
}

/** A full disk, a folder that is gone, a database that cannot be written: Node and SQLite give such errors a code. */
function isOfTheSystem(error: unknown): error is Error {
  return (
    error instanceof Error && !(error instanceof RacewayError) && 'code' in error && typeof error.code === 'string'
  );
}

/** Resolves when what was written is out: `process.exit` does not wait for a pipe. */
function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
