import { relative } from 'node:path';
import { InvalidOptionError, RacewayError } from '../core/errors.js';
import { defineFlow } from '../flow/definition.js';
import { announceFailure } from './attribute-file.js';
import { parseCommandLine } from './command-line.js';
import { COMMANDS } from './commands.js';
const USAGE_STATUS = 2;
const FAILED_STATUS = 1;
/** Does what the command line says and ends the process with the status. */
export async function runProgram(flowClass) {
  const argv = process.argv.slice(2);
  const status = await execute(flowClass, argv).catch((error) => explain(error, argv));
  await flush(process.stdout);
  await flush(process.stderr);
  process.exit(status); // whatever the flow's module keeps open must not keep the run from ending
}
async function execute(flowClass, argv) {
  const definition = defineFlow(flowClass);
  const commandLine = parseCommandLine(argv, {
    parameterNames: [...definition.parameters.keys()],
    environment: process.env,
  });
  const script = relative(process.cwd(), process.argv[1] ?? '');
  const context = { definition, commandLine, script };
  if (commandLine.wantsHelp || commandLine.command === undefined) {
    const { formatHelp } = await import('./help.js');
    process.stdout.write(formatHelp(context));
    return 0;
  }
  const command = COMMANDS[commandLine.command];
  if (!command.executes) return (await command.load())(context);
  // The worker loads the flow while this process loads the rest of the engine.
  const { Workers } = await import('./workers.js');
  await using workers = new Workers(commandLine);
  const action = await command.load();
  return await action(context, workers);
}
/** Says on stderr what went wrong, and to whoever started this process. */
function explain(error, argv) {
  if (!(error instanceof RacewayError)) {
    process.stderr.write(
      `Internal error, please report it:\n${error instanceof Error ? error.stack : String(error)}\n`,
    );
    return FAILED_STATUS;
  }
  process.stderr.write(`Error: ${error.message}\n`);
  announceFailure(argv, error);
  const isUsage = error instanceof InvalidOptionError || ['FLOW_DEFINITION', 'PATHSPEC'].includes(error.code);
  return isUsage ? USAGE_STATUS : FAILED_STATUS;
}
/** Resolves when what was written is out: `process.exit` does not wait for a pipe. */
function flush(stream) {
  return new Promise((resolve) => stream.write('', () => resolve()));
}
