import { type Flag, TOP_LEVEL_FLAGS } from '../core/flags.ts';
import { parameterSchema } from '../flow/parameter-schema.ts';
import type { Parameter } from '../flow/parameter.ts';
import { type Command, COMMANDS } from './commands.ts';
import type { ProgramContext } from './program.ts';

/** The text of `--help`, for the program or for the command that stands beside it. */
export function formatHelp({ definition, commandLine, script }: ProgramContext): string {
  const { command } = commandLine;
  if (command === undefined) {
    return sections(
      `Usage: node ${script} [options] <command> [options]`,
      `Runs the flow ${definition.name}.`,
      section(
        'Commands',
        Object.entries<Command>(COMMANDS).map(([name, { words, help }]) => [`${name} ${words}`.trimEnd(), help]),
      ),
      section('Options', flagRows(TOP_LEVEL_FLAGS)),
      `See node ${script} <command> --help for the options of a command.`,
    );
  }
  const { words, help, flags, executes }: Command = COMMANDS[command];
  return sections(
    `Usage: node ${script} [options] ${command}${words === '' ? '' : ` ${words}`} [options]`,
    `${help}.`,
    executes ? section('Parameters', parameterRows(definition)) : '',
    executes ? section('Configs', configRows(definition)) : '',
    section('Options', flagRows(flags)),
    section('Options of every command', flagRows(TOP_LEVEL_FLAGS)),
  );
}

type TableRow = readonly [left: string, right: string];

function parameterRows({ parameters }: ProgramContext['definition']): readonly TableRow[] {
  const shown = [...parameters].filter(([, { hidden }]) => !hidden);
  return shown.map(([name, parameter]) => [
    `--${name}=<${valueWord(parameter)}>${parameter.multiple ? ' ...' : ''}`,
    `${parameter.help ?? ''} [${fallbackOf(parameter)}]`.trimStart(),
  ]);
}

function valueWord(parameter: Parameter): string {
  if (parameter.type.kind === 'file') return 'path';
  if (parameter.type.kind === 'oneOf') return parameter.type.values.join('|');
  const { type } = parameterSchema({ ...parameter, multiple: false });
  return typeof type === 'string' ? type : 'value';
}

function fallbackOf({ required, default: value, computeDefault, secret }: Parameter): string {
  const isSecret = secret ? 'secret, ' : '';
  if (required) return `${isSecret}required`;
  if (computeDefault !== undefined) return `${isSecret}default: computed`;
  if (value === undefined) return `${isSecret}default: none`;
  return secret ? 'secret, has a default' : `default: ${JSON.stringify(value)}`;
}

function configRows({ configs }: ProgramContext['definition']): readonly TableRow[] {
  return [...configs].map(([name, { file, required }]) => [
    `--config=${name}=<path>`,
    `[default: ${file}${required ? '' : ', if it is there'}]`,
  ]);
}

function flagRows(flags: Readonly<Record<string, Flag>>): readonly TableRow[] {
  return Object.values(flags)
    .filter(({ hidden }) => hidden !== true)
    .map((flag) => {
      const { help, default: fallback } = flag;
      return [flagForm(flag), fallback === undefined ? help : `${help} [default: ${fallback}]`];
    });
}

function flagForm({ flag, kind, many, choices }: Flag): string {
  if (kind === 'switch') return `--${flag}, --no-${flag}`;
  if (kind === 'named-path') return `--${flag}=<name>=<path> ...`;
  if (kind === 'named-json') return `--${flag}=<name>=<json> ...`;
  return `--${flag}=<${choices?.join('|') ?? kind}>${many === true ? ' ...' : ''}`;
}

function section(title: string, rows: readonly TableRow[]): string {
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([left]) => left.length));
  return [`${title}:`, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd())].join('\n');
}

function sections(...parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
