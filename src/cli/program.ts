import { Argument, Command, type CommanderError, Option } from 'commander';
import { InvalidOptionError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { VERSION } from '../core/version.ts';
import { COMMANDS, type CommandForm, GLOBAL_OPTIONS, type OptionForm, type WordForm } from './commands.ts';

/** A command line that cannot be understood; without a message when all that was wanted is the help, which was printed. */
export class UsageError extends Error {
  readonly exitStatus: number;

  constructor(message: string, exitStatus: number) {
    super(message);
    this.exitStatus = exitStatus;
  }
}

/** What the command line says about one command. */
export interface Parsed {
  readonly words: readonly string[];
  /** By name in camelCase. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * The command line of `raceway`, from the table of its commands. Parsing throws `UsageError` or `InvalidOptionError`, and
 * prints nothing but help.
 *
 * @param act is told what to do
 */
export function buildProgram(act: (form: CommandForm, parsed: Parsed) => Promise<void>): Command {
  const program = new Command('raceway')
    .description('Starts flows, and shows and keeps their runs')
    .version(VERSION)
    .enablePositionalOptions() // what stands behind the file of a flow is for the flow
    .configureOutput({ outputError: () => {} });
  const own = [program];
  for (const option of GLOBAL_OPTIONS) program.addOption(toOption(option));
  for (const [name, form] of Object.entries(COMMANDS)) {
    const command = program
      .command(name)
      .description(form.help)
      .allowUnknownOption(form.passesOn === true)
      .helpOption(form.passesOn === true ? false : '-h, --help')
      .action(async () => {
        // Behind the first word help is asked of the flow.
        if (form.passesOn === true && ['--help', '-h'].includes(command.args[0] ?? '')) command.help();
        // An option may stand before the command and behind it.
        const options = { ...program.opts(), ...command.opts() };
        if (program.opts()['color'] === false) options['color'] = false;
        const separator = form.passesOn === true ? command.args.indexOf('--') : -1;
        await act(form, { words: command.args.toSpliced(separator, separator === -1 ? 0 : 1), options });
      });
    for (const word of form.words) command.addArgument(toArgument(word));
    for (const option of [...form.options, ...GLOBAL_OPTIONS]) command.addOption(toOption(option));
    own.push(command);
  }
  // Of a command that it does not know, commander's own prints the help of all.
  const help = program.helpCommand(false).command('help [command]').description('Show how to use a command');
  for (const option of GLOBAL_OPTIONS) help.addOption(toOption(option));
  help.action((name?: string) => (name === undefined ? program : known(name, program)).help());
  own.push(help);
  for (const command of own) command.exitOverride((error) => throwUsage(error, command));
  return program;
}

/** The command of that name. @throws {UsageError} when there is none */
function known(name: string, { commands }: Command): Command {
  const command = commands.find((one) => one.name() === name);
  if (command !== undefined) return command;
  const meant = nearest(
    name,
    commands.map((one) => one.name()),
  );
  throw new UsageError(
    `unknown command '${name}'\n${meant === undefined ? 'See raceway --help.' : `Did you mean ${meant}?`}`,
    2,
  );
}

function toArgument({ word, help, choices }: WordForm): Argument {
  const argument = new Argument(word, help);
  return choices === undefined ? argument : argument.choices(choices);
}

function toOption(form: OptionForm): Option {
  const { flags, help, choices, many, default: standard, parse = (text: string): unknown => text } = form;
  const option = new Option(flags, standard === undefined ? help : `${help} (default: ${standard})`);
  if (choices !== undefined) option.choices(choices);
  if (!option.required && !option.optional) return option;
  const read = (text: string): unknown => {
    if (choices !== undefined) checkChoice(text, { name: option.name(), choices });
    return parse(text);
  };
  option.argParser((text, previous: unknown) =>
    many === true ? [...(Array.isArray(previous) ? (previous as unknown[]) : []), read(text)] : read(text),
  );
  return option;
}

function checkChoice(text: string, { name, choices }: { name: string; choices: readonly string[] }): void {
  if (choices.includes(text)) return;
  const meant = nearest(text, choices);
  throw new InvalidOptionError(
    { option: name, expected: choices.join(', '), received: text },
    `--${name} cannot be ${JSON.stringify(text)}`,
    meant === undefined ? `It is one of ${choices.join(', ')}.` : `Did you mean ${meant}?`,
  );
}

function throwUsage({ exitCode, message }: CommanderError, command: Command): never {
  if (exitCode === 0) throw new UsageError('', 0);
  const [first = '', suggestion] = message.replace(/^error: /, '').split('\n');
  const path = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
  const advice = suggestion?.replace(/^\((.*)\)$/, '$1') ?? nearestOption(first, command) ?? `See ${path} --help.`;
  throw new UsageError(`${first}\n${advice}`, 2);
}

/** Commander takes the value for a part of the name. */
function nearestOption(message: string, command: Command): string | undefined {
  const name = /^unknown option '(--[^=']+)=/.exec(message)?.[1];
  const names = command.options.flatMap(({ long }) => long ?? []);
  const meant = name === undefined ? undefined : nearest(name, names);
  return meant && `Did you mean ${meant}?`;
}
