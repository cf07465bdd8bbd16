import { readFileSync, rmSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { RacewayError } from '../core/errors.ts';
import type { ProcessIdentity } from '../core/process-identity.ts';
import { endTree, type Tree } from '../process/end-tree.ts';
import { endUnseenTree } from '../process/end-unseen-tree.ts';
import { FolderWatch } from '../process/folder-watch.ts';
import { isElsewhere, presence } from '../process/identity.ts';
import { LogFile } from '../process/log-file.ts';
import { cannotLook, look } from '../process/look.ts';
import { marked } from '../process/marked.ts';
import { endAnyhow } from './end-anyhow.ts';
import { CleanedUpError, type ToldFacts } from './errors.ts';
import type { Exit, RunProcess, StartedProcess } from './run-process.ts';
import { exitFile } from './keeper.ts';
import { lostOutput } from './lost-output.ts';
import { processFiles } from './start-process.ts';

/** What is known of a process that was started by somebody else, or was let go. */
export interface AttachedFacts {
  readonly pid: number;
  readonly command: readonly string[];
  /** The processes of which one at least is there as long as the run goes on: its keeper, its run process. */
  readonly identities: readonly ProcessIdentity[];
  readonly tree: Tree;
  /** Where its output is kept; `undefined` when it is not. */
  readonly folder: string | undefined;
  /** Whether the run has ended as far as its record says; asked when its process is on another machine. */
  readonly isRecordedEnd: () => Promise<boolean>;
}

const TAIL_BYTES = 1_000_000;
const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 250;
const UNKNOWN: Exit = { exitCode: null, signalCode: null };

/**
 * A run process that goes on whatever happens here. It is looked at now and then, which keeps this process alive only while
 * somebody holds it.
 */
export class AttachedProcess implements RunProcess, StartedProcess {
  readonly ownership = 'attached';
  readonly pid: number;
  readonly command: readonly string[];
  readonly attributeFile: string;
  readonly stdout: LogFile;
  readonly stderr: LogFile;
  readonly watch: FolderWatch;
  readonly exited: Promise<Exit>;
  readonly #facts: AttachedFacts;
  readonly #released = Promise.withResolvers<false>();
  #exit: Exit | undefined;
  /** The ending of what could not be seen when it was to be ended. */
  #rest: Promise<void> | undefined;
  #isReleased = false;
  #holders = 0;
  #timer: NodeJS.Timeout | undefined;
  #look = Promise.withResolvers<void>();

  /** Looks whether it has ended before it gives it out. */
  static async open(facts: AttachedFacts): Promise<AttachedProcess> {
    return new AttachedProcess(facts, await exitSeen(facts));
  }

  private constructor(facts: AttachedFacts, ended: Exit | undefined) {
    const { folder = '' } = facts;
    const files = processFiles(folder);
    this.#facts = facts;
    this.pid = facts.pid;
    this.command = facts.command;
    this.attributeFile = files.attributes;
    this.watch = new FolderWatch(folder);
    this.stdout = new LogFile(files.stdout, this.watch);
    this.stderr = new LogFile(files.stderr, this.watch);
    if (facts.folder === undefined) {
      this.#closeLogs(
        new RacewayError(
          'NO_OUTPUT',
          'the output of this run was not kept: it was not started with `detached: true`',
          "Read what its tasks printed: (await home.task('Flow/run/step/task')).stdout(), or `raceway logs Flow/run`.",
        ),
      );
    }
    this.#exit = ended;
    this.exited = this.#follow();
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  hold(): Disposable {
    this.#holders++;
    this.#timer?.ref();
    this.#look.resolve();
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        if (--this.#holders === 0) this.#timer?.unref();
      },
    };
  }

  checkReach(): void {
    const elsewhere = this.#facts.identities.find(isElsewhere);
    if (elsewhere === undefined || this.#exit !== undefined) return;
    throw new RacewayError(
      'OTHER_MACHINE',
      `cannot end the run: its process ${elsewhere.pid} is on the machine ${elsewhere.host}`,
      `Do it there: raceway stop, or kill ${elsewhere.pid}.`,
    );
  }

  /** @throws {RacewayError} `OTHER_MACHINE` as `checkReach`, `UNSEEN` as `endTree` */
  async end({ graceMs }: { readonly graceMs?: number | undefined } = {}): Promise<void> {
    const { tree } = this.#facts;
    if (this.#exit !== undefined) return;
    this.checkReach();
    using _held = this.hold();
    try {
      if (!(await endTree(tree, { graceMs }))) await endUnseenTree(tree.pid, { graceMs });
    } catch (error) {
      this.#rest ??= endAnyhow(async () => void (await endTree(tree, { graceMs: 0 })));
      throw error;
    }
    await Promise.race([this.exited, this.#released.promise]);
  }

  async cleared(): Promise<boolean> {
    const isOver = this.exited.then(async () => {
      await this.#rest;
      return true;
    });
    return await Promise.race([isOver, this.#released.promise]);
  }

  async finish(): Promise<void> {
    if (!(await this.cleared())) return;
    await Promise.all([this.stdout.complete(), this.stderr.complete()]);
    await this.watch.close();
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    if (this.#facts.folder !== undefined) {
      this.#closeLogs(
        new CleanedUpError(
          'could not read the output: this handle has let go of the run',
          'Attach to the run again: Runner.attach(pathspec).',
        ),
      );
    }
    this.#released.resolve(false);
    this.#look.resolve();
    await this.watch.close();
  }

  startFacts(): ToldFacts {
    return {
      command: this.command,
      stdout: this.stdout.tail(TAIL_BYTES),
      stderr: this.stderr.tail(TAIL_BYTES),
      lostOutput: lostOutput(this.stdout, { isTemporary: false }),
    };
  }

  async discard(): Promise<void> {
    await this.release();
    if (this.#facts.folder !== undefined) rmSync(this.#facts.folder, { recursive: true, force: true });
  }

  #closeLogs(error: Error): void {
    this.stdout.remove(error);
    this.stderr.remove(error);
  }

  async #follow(): Promise<Exit> {
    for (let pauseMs = FIRST_PAUSE_MS; this.#exit === undefined; pauseMs = Math.min(pauseMs * 1.5, LAST_PAUSE_MS)) {
      await this.#pause(pauseMs);
      if (this.#isReleased) return await new Promise(() => {}); // nobody waits for it any more
      this.#exit = await exitSeen(this.#facts);
    }
    this.watch.wake();
    return this.#exit;
  }

  /** Resolves after a while, or when somebody is in a hurry. */
  async #pause(ms: number): Promise<void> {
    this.#look = Promise.withResolvers();
    this.#timer = setTimeout(this.#look.resolve, ms);
    if (this.#holders === 0) this.#timer.unref();
    await this.#look.promise;
    clearTimeout(this.#timer);
  }
}

/** As far as it can be seen: while this process cannot look, it has not ended. */
async function exitSeen(facts: AttachedFacts): Promise<Exit | undefined> {
  try {
    return await exitSoFar(facts);
  } catch (error) {
    if (cannotLook(error)) return undefined;
    throw error;
  }
}

async function exitSoFar({ identities, tree, folder, isRecordedEnd }: AttachedFacts): Promise<Exit | undefined> {
  const presences = identities.map((identity) => presence(identity));
  if (presences.includes('alive')) return undefined;
  if (presences.includes('elsewhere')) return (await isRecordedEnd()) ? UNKNOWN : undefined;
  const exit = folder === undefined ? UNKNOWN : exitIn(folder);
  // When the keeper alone was struck down, the process that it waited for goes on. Of a program that is not raceway's nothing
  // but the mark tells.
  const mayGoOn = exit === UNKNOWN && identities.length === 1 && tree.mark !== undefined;
  return mayGoOn && (await marked(tree.mark)).length > 0 ? undefined : exit;
}

/** How the process of a folder ended, as its keeper wrote it. */
function exitIn(folder: string): Exit {
  const file = exitFile(folder);
  const text = look(() => readFileSync(file, 'utf8')) ?? ''; // none: the keeper was struck down as well
  const status = Number(text);
  if (!/^\d+\n$/.test(text)) return UNKNOWN;
  const at = look(() => statSync(file).mtimeMs);
  const signalCode = SIGNALS.find(([, number]) => number === status - SIGNALLED)?.[0];
  return signalCode === undefined ? { exitCode: status, signalCode: null, at } : { exitCode: null, signalCode, at };
}

const SIGNALS = Object.entries(constants.signals) as readonly (readonly [NodeJS.Signals, number])[];

/** What a shell adds to the number of a signal. */
const SIGNALLED = 128;
