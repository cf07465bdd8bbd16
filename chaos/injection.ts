import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type FoundProcess, processesWith, type Role } from './processes.ts';
import type { Random } from './random.ts';
import { type Undisturbed, undisturbed } from './undisturbed.ts';
import { until } from './until.ts';

/** How a program ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly signalCode: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that an injection started. */
export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  readonly ended: Promise<Ended>;
}

/** A check that failed. */
export interface Failure {
  readonly what: string;
  readonly detail: string;
}

export type Isolation = 'pool' | 'task';

/** How a flow is started. */
export interface FlowStart {
  /** The name of its file in `chaos/flows`. @default 'struck' */
  readonly flow?: string;
  /** What stands before the command: `prlimit --nofile=30`. */
  readonly prefix?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/** What a script of `chaos/programs` is asked to do. */
export interface ParentOrder {
  readonly flow: string;
  readonly home: string;
  /** Where the flow works. @default where the script does */
  readonly cwd?: string | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the run is killed as soon as it has started. */
  readonly kills?: boolean | undefined;
  /** How many runs there are to be at once. @default 1 */
  readonly runs?: number | undefined;
  /** How a reader of the lines goes about it: how often it rests and for how long, and how often it leaves and comes back. */
  readonly reader?: {
    readonly restEvery: number;
    readonly restMs: number;
    readonly leaveEvery: number;
  };
}

/** With it in its environment `struck` does not come to its end by itself. */
export const STAYS: NodeJS.ProcessEnv = { STRUCK_STAYS: 'yes' };

/** How Node ends when it is at a loss itself. */
const NATIVE_CRASHES: ReadonlySet<string> = new Set(['SIGABRT', 'SIGTRAP', 'SIGSEGV', 'SIGILL', 'SIGBUS']);

/** What there is in the stack of an error that nobody caught. */
const RAW = /node:internal|Unhandled|Internal error/;

const HERE = import.meta.dirname;

const live = new Set<Injection>();

/** Ends everything that goes on, for when the suite is interrupted. */
export function disposeAll(): void {
  for (const injection of live) injection[Symbol.dispose]();
}

/**
 * One injection of a fault: a folder of its own with a home, a temporary folder and an environment by which everything that
 * was started in it is found again, and what was checked. Disposing it ends what is left and removes the folder.
 */
export class Injection implements Disposable {
  /** From 1. With the seed it says what is to be repeated. */
  readonly number: number;
  readonly random: Random;
  readonly extent: 'full' | 'bounded';
  readonly folder: string;
  readonly home: string;
  /** What every program is started with. */
  readonly environment: NodeJS.ProcessEnv;
  readonly isolation: Isolation;
  readonly #checked = new Set<string>();
  readonly #started: Started[] = [];
  readonly #failures: Failure[] = [];
  readonly #counts = new Map<string, number>();
  readonly #peaks = new Map<string, number>();
  #missed: string | undefined;

  constructor({ number, random, extent }: { number: number; random: Random; extent: 'full' | 'bounded' }) {
    this.number = number;
    this.random = random;
    this.extent = extent;
    this.isolation = number % 2 === 0 ? 'task' : 'pool';
    this.folder = mkdtempSync(join(tmpdir(), 'chaos-'));
    this.home = join(this.folder, 'home');
    live.add(this);
    mkdirSync(this.temporary);
    this.environment = {
      ...process.env,
      TMPDIR: this.temporary,
      // The only variable that a guardian has.
      PATH: [process.env['PATH'], join(this.folder, 'no-programs')].join(delimiter),
    };
  }

  /** Where programs of this injection make their temporary folders. */
  get temporary(): string {
    return join(this.folder, 'tmp');
  }

  get failures(): readonly Failure[] {
    return this.#failures;
  }

  /** In words, what was checked. */
  get checked(): ReadonlySet<string> {
    return this.#checked;
  }

  /** What was counted. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** What was measured. */
  get peaks(): ReadonlyMap<string, number> {
    return this.#peaks;
  }

  /** Why the fault did not come about, when it did not. */
  get missed(): string | undefined {
    return this.#missed;
  }

  /**
   * Notes that something was checked, and how it failed.
   *
   * @param what what ought to hold, in words, the same for every injection
   * @param failure what was found instead; `undefined` or `false` when it holds
   */
  check(what: string, failure: string | false | undefined): boolean {
    this.#checked.add(what);
    if (failure === false || failure === undefined) return true;
    const isKnown = this.#failures.some((one) => one.what === what && one.detail === failure); // looked at once more
    if (!isKnown) this.#failures.push({ what, detail: failure });
    return false;
  }

  /** Checks that a message names its cause. */
  checkNames(message: string, words: RegExp): boolean {
    return this.check('errors name their cause', !words.test(message) && `no ${words} in: ${message.slice(-2000)}`);
  }

  /**
   * Checks that a program that failed for want of something says what was missing, and in words of its own: an error that nobody
   * caught, with the stack of Node, is none. That Node itself crashes, which nobody survives, or cannot even load the program, is
   * told in the table and not counted as survived.
   *
   * @param failed.isAlive whether code of raceway is known to have been executed in it
   */
  checkTells(
    {
      signalCode,
      stderr,
      isAlive,
    }: { readonly signalCode: string | null; readonly stderr: string; readonly isAlive: boolean },
    cause: RegExp,
  ): void {
    if (signalCode !== null && NATIVE_CRASHES.has(signalCode)) {
      this.miss(`Node itself crashed (${signalCode})`);
      return;
    }
    this.checkNames(stderr, cause);
    if (isAlive) this.check('no error that nobody caught', RAW.test(stderr) && `it said ${stderr.slice(-2000)}`);
    else if (RAW.test(stderr)) this.miss('Node itself could not load the program');
  }

  /** Counts something that happened by chance, for the table. */
  count(what: string, by = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + by);
  }

  /** Notes a number of which the highest is told in the table. */
  peak(what: string, value: number): void {
    this.#peaks.set(what, Math.max(this.#peaks.get(what) ?? value, value));
  }

  /**
   * The fault came too late, or nobody felt it: the injection does not count, though what was checked must hold.
   *
   * @param why for the table, the same for every injection
   */
  miss(why: string): void {
    this.#missed = why;
  }

  /** What the flow comes to when nothing happens to it. */
  undisturbed(parameters: readonly string[] = []): Promise<Undisturbed> {
    return undisturbed(this.isolation, parameters);
  }

  /** The processes of this injection. */
  processes(role?: Role): readonly FoundProcess[] {
    const found = processesWith(this.folder);
    return role === undefined ? found : found.filter((one) => one.role === role);
  }

  /** Starts a program. */
  start(
    [file = '', ...args]: readonly string[],
    { environment = {} }: { environment?: NodeJS.ProcessEnv | undefined } = {},
  ): Started {
    const child = spawn(file, args, {
      cwd: this.folder,
      env: { ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = once(child, 'close').then(([exitCode, signalCode]) => ({
      exitCode: exitCode as number | null,
      signalCode: signalCode as NodeJS.Signals | null,
      stdout,
      stderr,
    }));
    ended.catch(() => {}); // whoever awaits it hears of it
    const started = { child, pid: child.pid ?? 0, stdout: () => stdout, stderr: () => stderr, ended };
    this.#started.push(started);
    return started;
  }

  /** The runs, and the tasks that had succeeded, that were told of by whatever was started: as `<run>`, and `<run>/<step>/<task>`. */
  announced(): { readonly runs: ReadonlySet<string>; readonly tasks: ReadonlySet<string> } {
    const said = this.#started.map((one) => one.stdout()).join('\n');
    const all = (pattern: RegExp): Set<string> => new Set([...said.matchAll(pattern)].map((match) => match[1] ?? ''));
    const tasks = all(/\[(\d+\/\w+\/\d+) \(pid \d+\)\] Task finished successfully\./g);
    return { runs: all(/(?:\(run-id |"pathspec":"\w+\/)(\d+)/g), tasks };
  }

  /** Starts a flow script of `chaos/flows` by its command line, in this injection's home. */
  startFlow(args: readonly string[], { flow = 'struck', prefix = [], environment }: FlowStart = {}): Started {
    const options = args[0] === 'run' || args[0] === 'resume' ? [`--isolation=${this.isolation}`] : [];
    const command = [process.execPath, flowFile(flow), `--home=${this.home}`, ...args, ...options];
    return this.start([...prefix, ...command], { environment });
  }

  /** Starts a script of `chaos/programs` that has a Runner run a flow, and tells what its handle says, see `heard`. */
  startParent({
    flow = 'struck',
    program = 'runs-a-flow',
    prefix = [],
    environment,
    options,
    ...order
  }: FlowStart & { program?: string } & Omit<ParentOrder, 'flow' | 'home'> = {}): Started {
    const whole: ParentOrder = {
      ...order,
      flow: flowFile(flow),
      home: this.home,
      options: { isolation: this.isolation, ...options },
    };
    const command = [process.execPath, join(HERE, 'programs', `${program}.ts`), JSON.stringify(whole)];
    return this.start([...prefix, ...command], { environment });
  }

  /** Waits until nothing of this injection runs any more; returns what is left when that takes too long. */
  async gone({ limitMs = 60_000 } = {}): Promise<readonly FoundProcess[]> {
    await until(() => this.processes().length === 0, { limitMs, pauseMs: 20 });
    return this.processes();
  }

  [Symbol.dispose](): void {
    for (let left = this.processes(); left.length > 0; left = this.processes()) {
      for (const { pid } of left) kill(pid, 'SIGKILL');
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    live.delete(this);
  }
}

/** Sends a signal, and says whether there was anybody to get it. */
export function kill(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it has ended
  }
}

function flowFile(name: string): string {
  return join(HERE, 'flows', `${name}.ts`);
}
