import { existsSync } from 'node:fs';
import { inspect } from 'node:util';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import type { AnyFlow, FlowShape } from '../core/flow-shape.ts';
import { parsePathspec } from '../core/pathspec.ts';
import type { RunEnding } from '../core/status.ts';
import type { ProcessIdentity } from '../core/process-identity.ts';
import { doctorCommand } from '../store/doctor-command.ts';
import { databaseFile, type HomeLocation, locateHome } from '../store/home-folder.ts';
import type { Garbage, RunEnd } from '../store/run-store.ts';
import { explainMissing } from './explain-missing.ts';
import { Flow } from './flow.ts';
import { presentRun } from './present-run.ts';
import { Run } from './run.ts';
import { SEEN_PROCESSES } from './seen-processes.ts';
import { Step } from './step.ts';
import { StoreLease } from './store-lease.ts';
import { Task } from './task.ts';

/**
 * Opens a home to read the runs in it. Opening one that is open already is cheap.
 *
 * @param location the folder, or where to look for one. Without it the home is found as a flow script finds it:
 *   `RACEWAY_HOME`, else the nearest `.raceway` up from the working folder.
 * @throws {RacewayError} `HOME` when there is none (it is never made), or it cannot be read
 *
 * @example
 * await using home = await openHome();
 * for await (const run of home.flow('SlowFlow').runs({ limit: 5 })) console.log(run);
 */
export async function openHome(location: string | HomeLocation = {}): Promise<Home> {
  return new Home(locateHome(typeof location === 'string' ? { home: location } : location));
}

/**
 * The folder that `openHome` would open, whether or not it is there.
 *
 * @internal
 */
export function homePath(location: HomeLocation): string {
  return locateHome(location);
}

/**
 * The same.
 *
 * @internal
 * @returns `undefined` when no home is there
 */
export function findHome(location: HomeLocation): string | undefined {
  const path = locateHome(location);
  return existsSync(databaseFile(path)) ? path : undefined;
}

export type { HomeLocation } from '../store/home-folder.ts';

/** A folder that holds runs, open for reading. Iterating over it gives its flows, newest first. */
export class Home implements AsyncDisposable {
  /** The folder, absolute. */
  readonly path: string;
  readonly #lease: StoreLease;

  /** Made by `openHome`. */
  constructor(path: string) {
    this.path = path;
    this.#lease = new StoreLease(path);
  }

  /**
   * The file that every run process of this home has open.
   *
   * @internal
   */
  get database(): string {
    return databaseFile(this.path);
  }

  /** The flows that have runs here, newest first. */
  async *flows(): AsyncIterableIterator<Flow, undefined, undefined> {
    const flows = await this.#lease.store.flows();
    for (const { name, createdAt } of flows.toSorted((a, b) => b.createdAt - a.createdAt)) {
      yield new Flow(this.#lease, name, new Date(createdAt));
    }
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Flow, undefined, undefined> {
    return this.flows();
  }

  /**
   * A flow by its name, at once: whether the home has it comes out when it is first asked for something.
   *
   * @throws {RacewayError} `PATHSPEC` when this cannot be the name of a flow
   */
  flow<F extends FlowShape = AnyFlow>(name: string): Flow<F> {
    return new Flow<F>(this.#lease, parsePathspec(name, 'flow').flow);
  }

  /**
   * Reads a run.
   *
   * @param pathspec `Flow/run`
   * @throws {NotFoundError} when there is none
   * @throws {RacewayError} `PATHSPEC` when this is no such pathspec
   */
  async run<F extends FlowShape = AnyFlow>(pathspec: string): Promise<Run<F>> {
    const place = parsePathspec(pathspec, 'run');
    const { store } = this.#lease;
    const record = await store.run(place.flow, place.run);
    if (record === undefined) throw await explainMissing(this.#lease, place);
    return new Run<F>(this.#lease, await presentRun(record, store));
  }

  /**
   * Reads a run that its process has just said to be recorded.
   *
   * @internal
   * @param pathspec `Flow/run`
   * @throws {RacewayError} `HOME` when there is none: then the home has lost it
   */
  async announcedRun<F extends FlowShape = AnyFlow>(pathspec: string): Promise<Run<F>> {
    try {
      return await this.run<F>(pathspec);
    } catch (cause) {
      if (!(cause instanceof NotFoundError)) throw cause;
      throw new RacewayError(
        'HOME',
        `cannot read the database ${this.database}: it has lost ${pathspec}, which had just been started`,
        `Leave alone what is in a home while runs go on. To look into it: ${doctorCommand(this.database)}`,
        { cause },
      );
    }
  }

  /**
   * Reads a step of a run that has started.
   *
   * @param pathspec `Flow/run/step`
   * @throws {NotFoundError} when there is none
   * @throws {RacewayError} `PATHSPEC` when this is no such pathspec
   */
  async step<F extends FlowShape = AnyFlow>(pathspec: string): Promise<Step<F>> {
    const place = parsePathspec(pathspec, 'step');
    const steps = await Step.read<F>(this.#lease, { flow: place.flow, runId: place.run });
    const step = steps.find(({ id }) => id === place.step);
    if (step === undefined) throw await explainMissing(this.#lease, place);
    return step;
  }

  /**
   * Reads a task.
   *
   * @param pathspec `Flow/run/step/task`
   * @throws {NotFoundError} when there is none
   * @throws {RacewayError} `PATHSPEC` when this is no such pathspec
   */
  async task<F extends FlowShape = AnyFlow>(pathspec: string): Promise<Task<F>> {
    const place = parsePathspec(pathspec, 'task');
    const [task] = await Task.read<F>(this.#lease, { flow: place.flow, runId: place.run, taskId: place.task });
    if (task?.stepName !== place.step) throw await explainMissing(this.#lease, place);
    return task;
  }

  /**
   * The run process of a run; it may have ended.
   *
   * @internal
   * @param pathspec `Flow/run`
   */
  async processOf(pathspec: string): Promise<ProcessIdentity | undefined> {
    const { flow, run } = parsePathspec(pathspec, 'run');
    return (await this.#lease.store.run(flow, run))?.process;
  }

  /**
   * Notes that a run is about to be ended, before it is.
   *
   * @internal
   * @param pathspec `Flow/run`
   */
  async recordEnding(pathspec: string, ending: RunEnding): Promise<void> {
    const { flow, run } = parsePathspec(pathspec, 'run');
    await this.#lease.store.recordEnding(flow, run, ending);
  }

  /**
   * Records how a run was found ended, for whoever ended it: a run process that is killed leaves no word. A run that has
   * recorded its own end keeps it, unless all it knew was which signal it got.
   *
   * @internal
   * @param pathspec `Flow/run`
   * @returns whether it was recorded
   */
  async recordEnd(pathspec: string, end: RunEnd): Promise<boolean> {
    const { flow, run } = parsePathspec(pathspec, 'run');
    return this.#lease.store.recordEnd(flow, run, end);
  }

  /**
   * Drops what nothing refers to any more: contents of artifacts and cards that no run has, logs and folders of runs that
   * were removed, what processes left behind that died, and gives the room back, also that in the database. It may be done
   * while runs go on, which lose nothing by it and wait a few hundredths of a second at most.
   *
   * @param options.dryRun only says what there is. @default false
   * @returns what was dropped, and how large it was
   * @throws {RacewayError} `HOME` when the home cannot be written to
   *
   * @example
   * const { contents } = await home.collectGarbage();
   * console.log(`${contents.count} contents, ${contents.sizeBytes} bytes`);
   */
  async collectGarbage({ dryRun = false }: { readonly dryRun?: boolean | undefined } = {}): Promise<Garbage> {
    return this.#lease.store.collectGarbage({ dryRun, ...SEEN_PROCESSES });
  }

  /** Lets go of the home: what was read from it stays as it is but reads no more. A second call does nothing. */
  async close(): Promise<void> {
    await this.#lease.close();
  }

  /** The same as `close()`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  toString(): string {
    return this.path;
  }

  [inspect.custom](): string {
    return `Home ${this.path}`;
  }
}
