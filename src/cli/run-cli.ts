import { once } from 'node:events';
import { InvalidOptionError, RacewayError } from '../core/errors.ts';
import type { CliContext } from './context.ts';
import type { CommandForm } from './commands.ts';
import { Output } from './output.ts';
import { buildProgram, UsageError } from './program.ts';

const FAILED_STATUS = 1;
const USAGE_STATUS = 2;

/** Does what the command line says and ends the process with the status: 0, 1 when that failed, 2 for wrong use. */
export async function runCli(argv: readonly string[]): Promise<never> {
  if (argv[0] === 'complete' && argv[1] === '--') return complete(argv.slice(2));
  // For what is wrong with the command line itself.
  let output = new Output({ isJson: argv.includes('--json'), wantsColour: false });
  let status = 0;
  const program = buildProgram(async (form, { words, options: { home, json, color, ...options } }) => {
    if (home === '') throw new UsageError('--home is empty\nName a folder, or leave it out.', USAGE_STATUS);
    output = new Output({ isJson: json === true, wantsColour: color !== false });
    // Everybody sees in the list of processes what was typed, as long as the run goes on, and a secret may be among it.
    if (form.passesOn === true) process.title = 'raceway';
    status = await act(form, { output, words, options, home: typeof home === 'string' ? home : undefined });
  });
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
  } catch (error) {
    status = explain(error, output);
  }
  await output.flush();
  if (output.writeError !== undefined) {
    output.error(
      `not all could be printed: ${output.writeError.message}\nMend that, or print to another place.`,
      'OUTPUT',
    );
    await output.flush();
    status ||= FAILED_STATUS;
  }
  process.exit(status); // what is still open must not keep the command from ending
}

/** What stands there is a part of another command line and is not parsed as this one. */
async function complete(words: readonly string[]): Promise<never> {
  const output = new Output({ isJson: false, wantsColour: false });
  const { answerShell } = await import('./answer-shell.ts');
  await answerShell(words, output);
  await output.flush();
  process.exit(0);
}

/** Ends with success when nobody reads what is printed any more, as of `raceway ls | head -1`. A run goes on. */
async function act(form: CommandForm, context: CliContext): Promise<number> {
  const action = (await form.load())(context).then((status) => status ?? 0);
  if (form.outlivesReader === true) return action;
  const { left } = context.output;
  return Promise.race([action, left.aborted ? 0 : once(left, 'abort').then(() => 0)]);
}

/** Says on stderr what went wrong. */
function explain(error: unknown, output: Output): number {
  if (error instanceof UsageError) {
    if (error.message !== '') output.error(error.message, 'USAGE');
    return error.exitStatus;
  }
  if (error instanceof RacewayError) {
    output.error(error.message, error.code);
    const isUsage = error instanceof InvalidOptionError || ['FLOW_DEFINITION', 'PATHSPEC'].includes(error.code);
    return isUsage ? USAGE_STATUS : FAILED_STATUS;
  }
  if (error instanceof RangeError || error instanceof TypeError || !hasCode(error)) {
    output.note(`Internal error, please report it:\n${error instanceof Error ? error.stack : String(error)}`);
    return FAILED_STATUS;
  }
  output.error(`${error.message}\nMend that, then try again.`, error.code);
  return FAILED_STATUS;
}

/** A full disk, a folder that is gone, a database that cannot be read: Node and SQLite give such errors a code. */
function hasCode(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
