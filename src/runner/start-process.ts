import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { FlowFileError, InvalidOptionError, RacewayError } from '../core/errors.ts';
import type { Mark } from '../process/guardian.ts';
import { runFilesError } from '../process/temp-folder.ts';
import { type CommandLine, completeCommandLine } from './command-line.ts';
import type { Interpreter } from './interpreter.ts';
import { tooLongError } from './too-long-error.ts';

/** What it takes to start a flow script. */
export interface ProcessPlan {
  readonly flowFile: string;
  readonly interpreter: Interpreter;
  readonly commandLine: CommandLine;
  readonly cwd: string | undefined;
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether stderr goes where stdout goes, so that what is printed stays in order. @default false */
  readonly joinsOutput?: boolean | undefined;
}

/** Where things are in the folder of a process. */
export interface ProcessFiles {
  readonly attributes: string;
  readonly parameters: string;
  readonly artifacts: string;
  readonly arguments: string;
  readonly stdout: string;
  readonly stderr: string;
}

/** The files in the folder of a process. */
export function processFiles(folder: string): ProcessFiles {
  return {
    attributes: join(folder, 'attributes.json'),
    parameters: join(folder, 'parameters.json'),
    artifacts: join(folder, 'artifacts.json'),
    arguments: join(folder, 'arguments.json'),
    stdout: join(folder, 'stdout.log'),
    stderr: join(folder, 'stderr.log'),
  };
}

/** What the system has too little of, by the code of its error, and what to do. */
const WANTS: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  EMFILE: ['this process has too many files open', 'Raise its limit (ulimit -n), or have fewer runs at once.'],
  ENFILE: ['the machine has too many files open', 'Have fewer runs at once.'],
  EAGAIN: ['this user has too many processes', 'Raise the limit (ulimit -u), or have fewer runs at once.'],
  ENOMEM: ['there is not enough memory', 'Have fewer runs at once.'],
};

/** A process that was started, and what is executed in it. */
export interface NewProcess {
  readonly subprocess: ChildProcess;
  readonly pid: number;
  readonly command: readonly string[];
}

/**
 * Starts a flow script as the leader of a process group and session of its own, with its output going to files.
 *
 * @param options.folder private, and there already
 * @param options.mark an environment entry that nothing else has
 * @param options.launcher a program, and its arguments, that is given the command and starts it
 * @throws {FlowFileError} when the flow file cannot be executed
 * @throws {InvalidOptionError} when there is no such interpreter or working folder, or what it is given is too long
 * @throws {RacewayError} `FLOW_START` when its files cannot be made, or the system has no process, descriptor or memory left for it
 */
export async function startProcess(
  plan: ProcessPlan,
  options: { readonly folder: string; readonly mark: Mark; readonly launcher?: readonly string[] },
): Promise<NewProcess> {
  const { mark, launcher = [] } = options;
  const { execa } = await import('execa');
  const files = processFiles(options.folder);
  const logs: number[] = [];
  try {
    const [stdout, stderr] = openLogs(files, logs);
    const command = completeCommandLine(plan.commandLine, {
      attributeFile: files.attributes,
      parametersFile: writeValues(files.parameters, plan.commandLine.inFile.parameters),
      artifactsFile: writeValues(files.artifacts, plan.commandLine.inFile.artifacts),
      argumentsFile: writeValues(files.arguments, plan.commandLine.inFile.arguments),
    });
    const env = environment(plan, mark);
    const [file = '', ...rest] = [...launcher, ...command];
    await spawnTurn();
    const running = execa(file, rest, {
      cwd: plan.cwd ?? process.cwd(),
      env,
      extendEnv: false,
      // Files rather than pipes: a pipe that a grandchild holds would stay open after the child's end.
      stdin: 'ignore',
      stdout: stdout as 3, // execa takes any descriptor; its types know the first ten
      stderr: (plan.joinsOutput === true ? stdout : stderr) as 3,
      detached: true,
      cleanup: false,
      buffer: false,
      reject: false,
    });
    const { nodeChildProcess: subprocess, pid } = running;
    if (pid === undefined) throw startError(plan, { command, env, program: file }, (await running).cause);
    return { subprocess, pid, command };
  } finally {
    for (const log of logs) closeSync(log);
  }
}

let lastSpawnTurn: Promise<void> = Promise.resolve();

/**
 * Resolves when it is this caller's turn. To start a process takes some milliseconds in which nothing else happens here: of many
 * that are to be started at once each gives way to what has come in, so that the first is not heard of last.
 */
function spawnTurn(): Promise<void> {
  lastSpawnTurn = lastSpawnTurn.then(() => setImmediate());
  return lastSpawnTurn;
}

/** Files that its streams go to; what was opened is in `opened` also when this throws. */
function openLogs({ stdout, stderr }: ProcessFiles, opened: number[]): readonly [number, number] {
  // For appending, since a descendant may open the log once more by way of /dev/stdout.
  const open = (file: string): number => {
    const log = openSync(file, 'a', 0o600);
    opened.push(log);
    return log;
  };
  try {
    return [open(stdout), open(stderr)];
  } catch (cause) {
    throw runFilesError(dirname(stdout), cause);
  }
}

function writeValues(file: string, values: Readonly<Record<string, unknown>> | readonly string[]): string | undefined {
  if (Object.keys(values).length === 0) return undefined;
  try {
    writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
  } catch (cause) {
    throw runFilesError(dirname(file), cause);
  }
  return file;
}

function environment({ interpreter, env }: ProcessPlan, mark: Mark): Record<string, string> {
  const merged = { ...interpreter.env, ...process.env, ...env, [mark.name]: mark.value };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Whether there is a folder at that place. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** There is no folder where the child was to work. */
export function noFolderError(cwd: string, flowFile: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError(
    { option: 'cwd', expected: 'a folder', received: JSON.stringify(cwd) },
    `could not start ${flowFile} in ${cwd}: there is no such folder`,
    'Make the folder, or give another as cwd.',
    { cause },
  );
}

function startError(
  plan: ProcessPlan,
  {
    command,
    env,
    program,
  }: { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>>; readonly program: string },
  cause: unknown,
): Error {
  const { cwd, flowFile, interpreter } = plan;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
  // The system says ENOENT for a missing working folder as well as for a missing program.
  if (cwd !== undefined && !isFolder(cwd)) return noFolderError(cwd, flowFile, cause);
  if (code === 'E2BIG') return tooLongError(flowFile, { command, env }, cause);
  const [want, advice] = WANTS[code] ?? [];
  if (want !== undefined) {
    return new RacewayError('FLOW_START', `could not start ${flowFile}: ${want} (${code})`, advice, { cause });
  }
  if (program !== command[0]) {
    return new RacewayError(
      'FLOW_START',
      `could not start ${flowFile}: the program ${JSON.stringify(program)}, which starts it detached, cannot be executed (${code})`,
      'A detached run needs a POSIX shell on PATH.',
      { cause },
    );
  }
  if (interpreter.prefix.length > 0) {
    return new InvalidOptionError(
      { option: 'interpreter', expected: 'a program that can be executed', received: JSON.stringify(program) },
      `could not start ${flowFile}: its interpreter ${JSON.stringify(program)} cannot be executed (${code})`,
      'Install it, or name another with the option interpreter.',
      { cause },
    );
  }
  return new FlowFileError(
    flowFile,
    `could not execute ${flowFile}: ${code === 'EACCES' ? 'it is not marked as executable' : code}`,
    'Make it executable (chmod +x) with a #! line that names its program, or name the program with the option interpreter.',
    { cause },
  );
}
