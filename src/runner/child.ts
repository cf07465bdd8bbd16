import { rmSync } from 'node:fs';
import { endTree, type Tree } from '../process/end-tree.ts';
import { endUnseenTree } from '../process/end-unseen-tree.ts';
import { FolderWatch } from '../process/folder-watch.ts';
import { groupExists, signalGroup } from '../process/groups.ts';
import type { Guardian, Mark } from '../process/guardian.ts';
import { identityOf } from '../process/identity.ts';
import { LogFile } from '../process/log-file.ts';
import { marked } from '../process/marked.ts';
import { makeTempFolder, type TempFolder } from '../process/temp-folder.ts';
import { endAnyhow } from './end-anyhow.ts';
import { CleanedUpError, type ToldFacts } from './errors.ts';
import { lostOutput } from './lost-output.ts';
import type { Exit, RunProcess, StartedProcess } from './run-process.ts';
import { type NewProcess, processFiles, type ProcessPlan, startProcess } from './start-process.ts';

const TAIL_BYTES = 1_000_000;

let started = 0;

/**
 * A flow script that was started as the leader of a process group of its own, with its temporary folder: the attribute
 * file and the logs that its stdout and stderr go to.
 */
export class Child implements RunProcess, StartedProcess {
  readonly ownership = 'owned';
  readonly pid: number;
  readonly command: readonly string[];
  readonly attributeFile: string;
  readonly stdout: LogFile;
  readonly stderr: LogFile;
  readonly watch: FolderWatch;
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;
  readonly #folder: TempFolder;
  readonly #tree: Tree;
  readonly #mark: Mark;
  readonly #guardian: Guardian;
  #cleared: Promise<true> | undefined;
  #finished: Promise<void> | undefined;

  /**
   * Starts a child.
   *
   * @throws {FlowFileError} when the flow file cannot be executed
   * @throws {InvalidOptionError} when there is no such interpreter or working folder, or what it is given is too long
   * @throws {RacewayError} `FLOW_START` when the system has no process, descriptor or memory left for it
   */
  static async start(plan: ProcessPlan, guardian: Guardian): Promise<Child> {
    // Known to the guardian before there is anything in it: parameters that are secret, for one.
    const folder = await makeTempFolder({ onPath: (path) => guardian.watchFolder(path) });
    let pid: number | undefined;
    try {
      // Every child has a value of its own, by which its descendants are told from those of the others.
      const mark = { name: guardian.mark.name, value: `${process.pid}.${++started}` };
      const child = await startProcess(plan, { folder: folder.path, mark });
      ({ pid } = child);
      guardian.watch(pid);
      return new Child(child, { folder, guardian, mark });
    } catch (error) {
      if (pid !== undefined) signalGroup(pid, 'SIGKILL'); // nobody else would know of it
      await folder.remove();
      guardian.releaseFolder(folder.path);
      throw error;
    }
  }

  private constructor(
    { subprocess, pid, command }: NewProcess,
    { folder, guardian, mark }: { folder: TempFolder; guardian: Guardian; mark: Mark },
  ) {
    const files = processFiles(folder.path);
    this.pid = pid;
    this.command = command;
    this.#folder = folder;
    this.#guardian = guardian;
    this.#mark = mark;
    this.#tree = { pid, startTime: identityOf(pid)?.startTime, mark };
    this.attributeFile = files.attributes;
    this.watch = new FolderWatch(folder.path);
    this.stdout = new LogFile(files.stdout, this.watch);
    this.stderr = new LogFile(files.stderr, this.watch);
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

  checkReach(): void {}

  /** Ends the child and everything it started: SIGTERM, then SIGKILL after `graceMs`. Resolves when nothing of it is left; throws as `endTree`. */
  async end({ graceMs }: { graceMs?: number | undefined } = {}): Promise<void> {
    if (!(await endTree(this.#tree, { graceMs }))) await endUnseenTree(this.pid, { graceMs });
    await this.exited;
  }

  /** Waits for the child's end and ends what it left behind. */
  cleared(): Promise<true> {
    this.#cleared ??= this.#clear();
    return this.#cleared;
  }

  /** The same, and then lets those who read its logs come to their end. */
  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  startFacts(): ToldFacts {
    return {
      command: this.command,
      stdout: this.stdout.tail(TAIL_BYTES),
      stderr: this.stderr.tail(TAIL_BYTES),
      lostOutput: lostOutput(this.stdout, { isTemporary: true }),
    };
  }

  /** A child keeps this process alive by itself. */
  hold(): Disposable {
    return { [Symbol.dispose]: () => {} };
  }

  /** Removes the temporary folder. Whoever wants to read the output from now on gets a `CleanedUpError`. */
  async release(): Promise<void> {
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

  async discard(): Promise<void> {
    await this.release();
  }

  async #clear(): Promise<true> {
    const { exitCode } = await this.exited;
    const { parameters, arguments: typed } = processFiles(this.#folder.path);
    for (const file of [parameters, typed]) rmSync(file, { force: true }); // there may be secrets in it
    await endAnyhow(async () => {
      // A child that exits with 0 has cleared up as a rule, and whether it has costs less to see than to end nothing.
      if (exitCode !== 0 || groupExists(this.pid) || (await marked(this.#mark)).length > 0) {
        if (!(await endTree(this.#tree))) await endUnseenTree(this.pid);
      }
    });
    this.#guardian.release(this.pid);
    return true;
  }

  async #finish(): Promise<void> {
    await this.cleared();
    await Promise.all([this.stdout.complete(), this.stderr.complete()]);
    await this.watch.close();
  }
}
