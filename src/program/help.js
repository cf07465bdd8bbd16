import { TOP_LEVEL_FLAGS } from '../core/flags.js';
import { parameterSchema } from '../flow/parameter-schema.js';
import { COMMANDS } from './commands.js';
/** The text of `--help`, for the program or for the command that stands beside it. */
export function formatHelp({ definition, commandLine, script }) {
  const { command } = commandLine;
  if (command === undefined) {
    return sections(
      `Usage: node ${script} [options] <command> [options]`,
      `Runs the flow ${definition.name}.`,
      section(
        'Commands',
        Object.entries(COMMANDS).map(([name, { words, help }]) => [`${name} ${words}`.trimEnd(), help]),
      ),
      section('Options', flagRows(TOP_LEVEL_FLAGS)),
      `See node ${script} <command> --help for the options of a command.`,
    );
  }
  const { words, help, flags, executes } = COMMANDS[command];
  return sections(
    `Usage: node ${script} [options] ${command}${words === '' ? '' : ` ${words}`} [options]`,
    `${help}.`,
    executes ? section('Parameters', parameterRows(definition)) : '',
    section('Options', flagRows(flags)),
    section('Options of every command', flagRows(TOP_LEVEL_FLAGS)),
  );
}
function parameterRows({ parameters }) {
  return [...parameters].map(([name, parameter]) => {
    const { type } = parameterSchema(parameter);
    const fallback = parameter.required ? 'required' : `default: ${JSON.stringify(parameter.default) ?? 'none'}`;
    return [
      `--${name}=<${typeof type === 'string' ? type : 'value'}>`,
      `${parameter.help ?? ''} [${fallback}]`.trimStart(),
    ];
  });
}
function flagRows(flags) {
  return Object.values(flags)
    .filter(({ hidden }) => hidden !== true)
    .map((flag) => {
      const { help, default: fallback } = flag;
      return [flagForm(flag), fallback === undefined ? help : `${help} [default: ${fallback}]`];
    });
}
function flagForm({ flag, kind, many, choices }) {
  if (kind === 'switch') return `--${flag}, --no-${flag}`;
  return `--${flag}=<${choices?.join('|') ?? kind}>${many === true ? ' ...' : ''}`;
}
function section(title, rows) {
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([left]) => left.length));
  return [`${title}:`, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd())].join('\n');
}
function sections(...parts) {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
