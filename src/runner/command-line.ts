import { InvalidOptionError } from '../core/errors.ts';
import { type Flag, INTERNAL_SPIN_FLAGS, RESUME_FLAGS, RUN_FLAGS, SPIN_FLAGS, TOP_LEVEL_FLAGS } from '../core/flags.ts';
import { ArgumentRoom } from './argument-room.ts';
import { artifactArguments } from './artifact-arguments.ts';
import type { Interpreter } from './interpreter.ts';
import { mayDeclareSecrets } from './may-declare-secrets.ts';
import { foreignOptionFlags, optionFlags, type Options, refuseZeroByte } from './option-flags.ts';
import { parameterArguments } from './parameter-arguments.ts';

/** What a child is to do. */
export type Command =
  /** The arguments as somebody typed them, of which nothing is known here. */
  | { readonly name: 'run' | 'resume'; readonly argv: readonly string[]; readonly options: Options }
  | { readonly name: 'run' | 'describe'; readonly parameters: Options; readonly options: Options }
  | {
      readonly name: 'resume';
      readonly stepToRerun: string | undefined;
      readonly parameters: Options;
      readonly options: Options;
    }
  | {
      readonly name: 'spin';
      readonly pathspec: string;
      readonly artifacts: Options;
      readonly parameters: Options;
      readonly options: Options;
    };

/** What a child is to do by options and parameters. */
type OptionCommand = Exclude<Command, { readonly argv: readonly string[] }>;

/** A command line but for the files that do not exist yet. */
export interface CommandLine {
  /** Up to and including the command and its words. */
  readonly head: readonly string[];
  readonly tail: readonly string[];
  /** What has to go to files. */
  readonly inFile: {
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly artifacts: Readonly<Record<string, unknown>>;
    readonly arguments: readonly string[];
  };
}

const COMMAND_FLAGS = { run: RUN_FLAGS, resume: RESUME_FLAGS, spin: SPIN_FLAGS, describe: {} } as const;

/**
 * The command line of a flow, as an argv array: interpreter, file, top-level flags, command, options, parameters.
 *
 * @param options.runnerOwn options of the runner that are no flags, for messages
 * @param options.operation what the options belong to, and which of them are no flags, for messages
 * @throws {InvalidOptionError} when an option or parameter cannot be right; nothing has been started then
 */
export function commandLine(
  command: Command,
  options: {
    readonly flowFile: string;
    readonly interpreter: Interpreter;
    readonly topLevel: Options;
    readonly runnerOwn: readonly string[];
    readonly operation: { readonly place: string; readonly own: readonly string[] };
  },
): CommandLine {
  const { flowFile, interpreter, topLevel, runnerOwn, operation } = options;
  const isNative = interpreter.kind === 'native';
  const topLevelFlags = isNative
    ? optionFlags(topLevel, TOP_LEVEL_FLAGS, { place: 'new Runner()', others: runnerOwn })
    : foreignOptionFlags(topLevel);
  const commandFlags = isNative
    ? optionFlags(command.options, COMMAND_FLAGS[command.name], {
        place: operation.place,
        others: operation.own,
      })
    : foreignOptionFlags(command.name === 'spin' ? foreignSpinOptions(command) : command.options);
  if ('argv' in command) {
    const isInFile = isNative && command.argv.length > 0 && mayDeclareSecrets(flowFile);
    return {
      head: [...interpreter.prefix, flowFile, ...topLevelFlags, command.name],
      tail: isInFile ? [] : command.argv,
      inFile: { parameters: {}, artifacts: {}, arguments: isInFile ? command.argv : [] },
    };
  }
  if (isNative) refuseOptionNames(command);
  const room = new ArgumentRoom();
  const artifacts = artifactArguments(isNative && command.name === 'spin' ? command.artifacts : {}, room);
  const parameters = parameterArguments(
    command.parameters,
    isNative
      ? { kind: 'native', mayHaveSecrets: Object.keys(command.parameters).length > 0 && mayDeclareSecrets(flowFile) }
      : { kind: 'foreign' },
    room,
  );
  return {
    head: [...interpreter.prefix, flowFile, ...topLevelFlags, command.name, ...words(command)],
    tail: [...commandFlags, ...artifacts.flags, ...parameters.flags],
    inFile: { parameters: parameters.inFile, artifacts: artifacts.inFile, arguments: [] },
  };
}

/** Completes a command line. */
export function completeCommandLine(
  { head, tail }: CommandLine,
  files: {
    readonly attributeFile: string;
    readonly parametersFile?: string | undefined;
    readonly artifactsFile?: string | undefined;
    readonly argumentsFile?: string | undefined;
  },
): string[] {
  const { runnerAttributeFile, parametersFile, artifactsFile, argumentsFile } = INTERNAL_SPIN_FLAGS;
  return [
    ...head,
    `--${runnerAttributeFile.flag}=${files.attributeFile}`,
    ...(files.parametersFile === undefined ? [] : [`--${parametersFile.flag}=${files.parametersFile}`]),
    ...(files.artifactsFile === undefined ? [] : [`--${artifactsFile.flag}=${files.artifactsFile}`]),
    ...(files.argumentsFile === undefined ? [] : [`--${argumentsFile.flag}=${files.argumentsFile}`]),
    ...tail,
  ];
}

/** Another program says itself what it takes. */
function foreignSpinOptions({ options, artifacts }: Command & { readonly name: 'spin' }): Options {
  return Object.keys(artifacts).length === 0 ? options : { ...options, artifacts };
}

function words(command: OptionCommand): string[] {
  if (command.name === 'spin') return [checkedPathspec(command.pathspec)];
  if (command.name !== 'resume' || command.stepToRerun === undefined) return [];
  if (!/^[\p{L}_$]/u.test(command.stepToRerun)) {
    throw new InvalidOptionError(
      { option: 'stepToRerun', expected: 'the name of a step', received: JSON.stringify(command.stepToRerun) },
      `${JSON.stringify(command.stepToRerun)} cannot be the name of a step`,
      'Give the name of a step of the flow, or leave stepToRerun out to run again what did not succeed.',
    );
  }
  return [refuseZeroByte('stepToRerun', command.stepToRerun)];
}

function checkedPathspec(pathspec: string): string {
  if (/^[A-Za-z0-9_]/.test(pathspec)) return refuseZeroByte('pathspec', pathspec);
  throw new InvalidOptionError(
    { option: 'pathspec', expected: 'step, run/step or run/step/task', received: JSON.stringify(pathspec) },
    `${JSON.stringify(pathspec)} cannot name a task`,
    'Give step, run/step or run/step/task, as in 1763719200123456/start/1.',
  );
}

/** On the command line options and parameters look alike, and the option would win. */
function refuseOptionNames({ name, parameters }: OptionCommand): void {
  const help = ['help', 'h'].find((text) => parameters[text] !== undefined);
  if (help !== undefined) {
    throw new InvalidOptionError(
      { option: help, expected: 'a parameter' },
      `${help} is no parameter: no flow can have one of that name, since it asks for help`,
      'Give the parameter another name; what a flow takes is printed by its script when it is given --help in a shell.',
    );
  }
  const commandFlags: Readonly<Record<string, Flag>> = COMMAND_FLAGS[name];
  for (const [option, { flag }] of Object.entries({ ...TOP_LEVEL_FLAGS, ...commandFlags, ...INTERNAL_SPIN_FLAGS })) {
    const given = [flag, `no-${flag}`].find((text) => parameters[text] !== undefined);
    if (given === undefined) continue;
    const place = Object.hasOwn(TOP_LEVEL_FLAGS, option) ? 'new Runner()' : `the options of ${name}()`;
    throw new InvalidOptionError(
      { option: given, expected: 'a parameter' },
      `${given} is no parameter: no flow can have one of that name, since it is an option`,
      `Give it as ${option} to ${place}.`,
    );
  }
}
