import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidOptionError, FlowFileError } from '../core/errors.ts';
import { endTree, type Tree } from '../process/end-tree.ts';
import { endUnseenTree } from '../process/end-unseen-tree.ts';
import { FolderWatch } from '../process/folder-watch.ts';
import { groupExists } from '../process/groups.ts';
import type { Guardian } from '../process/guardian.ts';
import { identityOf } from '../process/identity.ts';
import { LogFile } from '../process/log-file.ts';
import { marked } from '../process/marked.ts';
import { makeTempFolder, temporaryFilesError, type TempFolder } from '../process/temp-folder.ts';
import { type CommandLine, completeCommandLine } from './command-line.ts';
import { CleanedUpError, type StartFacts } from './errors.ts';
import type { Interpreter } from './interpreter.ts';
import { tooLongError } from './too-long-error.ts';

/** How a child ended. */
export type Exit =
  | { readonly exitCode: number; readonly signalCode: null }
  | { readonly exitCode: null; readonly signalCode: NodeJS.Signals };

/** What it takes to start a child. */
export interface ChildPlan {
  readonly flowFile: string;
  readonly interpreter: Interpreter;
  readonly commandLine: CommandLine;
  readonly cwd: string | undefined;
  /** Added to this process's environment; `undefined` removes a variable. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly guardian: Guardian;
}

const PARAMETERS_FILE = 'parameters.json';
const TAIL_BYTES = 1_000_000;

let started = 0;

/**
 * A flow script that was started as the leader of a process group of its own, with its temporary folder: the attribute
 * file and the logs that its stdout and stderr go to.
 */
export class Child {
  readonly pid: number;
  readonly command: readonly string[];
  /** Where the child announces its run. */
  readonly attributeFile: string;
  readonly stdout: LogFile;
  readonly stderr: LogFile;
  /** Wakes whoever waits for a change of the folder or for the end of the child. */
  readonly watch: FolderWatch;
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;
  readonly #folder: TempFolder;
  readonly #tree: Tree;
  readonly #guardian: Guardian;
  #cleared: Promise<void> | undefined;
  #finished: Promise<void> | undefined;

  /**
   * Starts a child.
   *
   * @throws {FlowFileError} when the flow file cannot be executed
   * @throws {InvalidOptionError} when there is no such interpreter or working folder, or what it is given is too long
   * @throws {RacewayError} `FLOW_START` when its temporary files cannot be made
   */
  static async start(plan: ChildPlan): Promise<Child> {
    const { guardian } = plan;
    const [{ execa }, folder] = await Promise.all([
      import('execa'),
      // Known to the guardian before there is anything in it: parameters that are secret, for one.
      makeTempFolder({ onPath: (path) => guardian.watchFolder(path) }),
    ]);
    const logs: number[] = [];
    try {
      const [stdout, stderr] = openLogs(folder, logs);
      const command = completeCommandLine(plan.commandLine, {
        attributeFile: attributeFileIn(folder),
        parametersFile: writeValues(folder, PARAMETERS_FILE, plan.commandLine.inFile.parameters),
        artifactsFile: writeValues(folder, 'artifacts.json', plan.commandLine.inFile.artifacts),
      });
      // Every child has a value of its own, by which its descendants are told from those of the others.
      const mark = { name: guardian.mark.name, value: `${process.pid}.${++started}` };
      const env = environment(plan, mark);
      const [file = '', ...rest] = command;
      const subprocess = execa(file, rest, {
        cwd: plan.cwd ?? process.cwd(),
        env,
        extendEnv: false,
        // Files rather than pipes: a pipe that a grandchild holds would stay open after the child's end.
        stdin: 'ignore',
        stdout: stdout as 3, // execa takes any descriptor; its types know the first ten
        stderr: stderr as 3,
        detached: true,
        cleanup: false,
        buffer: false,
        reject: false,
      });
      const { nodeChildProcess, pid } = subprocess;
      if (pid === undefined) throw startError(plan, { command, env }, (await subprocess).cause);
      guardian.watch(pid);
      return new Child(nodeChildProcess, { pid, command, folder, guardian, mark });
    } catch (error) {
      await folder.remove();
      guardian.releaseFolder(folder.path);
      throw error;
    } finally {
      for (const log of logs) closeSync(log);
    }
  }

  private constructor(
    subprocess: ChildProcess,
    facts: {
      pid: number;
      command: readonly string[];
      folder: TempFolder;
      guardian: Guardian;
      mark: Tree['mark'];
    },
  ) {
    const { pid, command, folder, guardian, mark } = facts;
    this.pid = pid;
    this.command = command;
    this.#folder = folder;
    this.#guardian = guardian;
    this.#tree = { pid, startTime: identityOf(pid)?.startTime, mark };
    this.attributeFile = attributeFileIn(folder);
    this.watch = new FolderWatch(folder.path);
    this.stdout = new LogFile(join(folder.path, 'stdout.log'), this.watch);
    this.stderr = new LogFile(join(folder.path, 'stderr.log'), this.watch);
    this.exited = new Promise((resolve) => {
      subprocess.once('exit', (exitCode, signalCode) => {
        this.#exit = signalCode === null ? { exitCode: exitCode ?? 0, signalCode } : { exitCode: null, signalCode };
        this.watch.wake();
        resolve(this.#exit);
      });
    });
  }

  /** How the child ended; `undefined` while it has not. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Ends the child and everything it started: SIGTERM, then SIGKILL after `graceMs`. Resolves when nothing of it is left. */
  async end({ graceMs }: { graceMs?: number | undefined } = {}): Promise<void> {
    if (!(await endTree(this.#tree, { graceMs }))) await endUnseenTree(this.pid, { graceMs });
    await this.exited;
  }

  /** Waits for the child's end and ends what it left behind. */
  cleared(): Promise<void> {
    this.#cleared ??= this.#clear();
    return this.#cleared;
  }

  /** The same, and then lets those who read its logs come to their end. */
  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  /** What errors say of a child. */
  startFacts(): StartFacts {
    return { command: this.command, stdout: this.stdout.tail(TAIL_BYTES), stderr: this.stderr.tail(TAIL_BYTES) };
  }

  /** Removes the temporary folder. Whoever wants to read the output from now on gets a `CleanedUpError`. */
  async removeFiles(): Promise<void> {
    for (const [name, log] of Object.entries({ stdout: this.stdout, stderr: this.stderr })) {
      log.remove(
        new CleanedUpError(
          `could not read ${name}: the temporary files of this run have been removed`,
          'Read it before the handle or its runner is disposed or cleaned up; what each task printed is kept with the run.',
        ),
      );
    }
    await this.#folder.remove();
    this.#guardian.releaseFolder(this.#folder.path);
  }

  async #clear(): Promise<void> {
    const { exitCode } = await this.exited;
    rmSync(join(this.#folder.path, PARAMETERS_FILE), { force: true }); // there may be secrets in it
    // A child that exits with 0 has cleared up as a rule, and whether it has costs less to see than to end nothing.
    if (exitCode !== 0 || groupExists(this.pid) || (await marked(this.#tree.mark)).length > 0) {
      if (!(await endTree(this.#tree))) await endUnseenTree(this.pid);
    }
    this.#guardian.release(this.pid);
  }

  async #finish(): Promise<void> {
    await this.cleared();
    await Promise.all([this.stdout.complete(), this.stderr.complete()]);
    await this.watch.close();
  }
}

function attributeFileIn(folder: TempFolder): string {
  return join(folder.path, 'attributes.json');
}

/** Files that its streams go to; what was opened is in `opened` also when this throws. */
function openLogs(folder: TempFolder, opened: number[]): readonly [number, number] {
  // For appending, since a descendant may open the log once more by way of /dev/stdout.
  const open = (name: string): number => {
    const log = openSync(join(folder.path, name), 'a', 0o600);
    opened.push(log);
    return log;
  };
  try {
    return [open('stdout.log'), open('stderr.log')];
  } catch (cause) {
    throw temporaryFilesError(cause);
  }
}

function writeValues(folder: TempFolder, name: string, values: Readonly<Record<string, unknown>>): string | undefined {
  if (Object.keys(values).length === 0) return undefined;
  const file = join(folder.path, name);
  try {
    writeFileSync(file, JSON.stringify(values), { mode: 0o600 });
  } catch (cause) {
    throw temporaryFilesError(cause);
  }
  return file;
}

function environment({ interpreter, env }: ChildPlan, mark: Tree['mark']): Record<string, string> {
  const merged = { ...interpreter.env, ...process.env, ...env, [mark.name]: mark.value };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function startError(
  plan: ChildPlan,
  { command, env }: { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> },
  cause: unknown,
): Error {
  const { cwd, flowFile, interpreter } = plan;
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause);
  // The system says ENOENT for a missing working folder as well as for a missing program.
  if (cwd !== undefined && statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return new InvalidOptionError(
      { option: 'cwd', expected: 'a folder', received: JSON.stringify(cwd) },
      `could not start ${flowFile} in ${cwd}: there is no such folder`,
      'Make the folder, or give another as cwd.',
      { cause },
    );
  }
  if (code === 'E2BIG') return tooLongError(flowFile, { command, env }, cause);
  const program = command[0] ?? '';
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
