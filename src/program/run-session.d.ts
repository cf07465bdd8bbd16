import { type ReadyTask } from '../engine/run-flow.ts';
import type { Graph } from '../flow/graph.ts';
import type { RunWriter } from '../store/run-store.ts';
import { type SqliteStore } from '../store/sqlite-store.ts';
import { type RunConsole } from './console.ts';
import type { ProgramContext } from './program.ts';
import type { Workers } from './workers.ts';
/** What `run` and `resume` have in common: the console, the store, the signals, and how a run is made. */
export declare class RunSession implements AsyncDisposable {
  #private;
  readonly user: string;
  readonly console: RunConsole;
  constructor(context: ProgramContext, workers: Workers);
  /** Where the store is; made when it is first opened. */
  get home(): string;
  /** The store of the home, which is made if need be. */
  get store(): SqliteStore;
  /** The flow's graph for these parameters. @throws {RacewayError} `FLOW_DEFINITION` when the lint finds something */
  graph(parameters: Readonly<Record<string, unknown>>): Graph;
  /** Makes the run, announces it, executes it, and resolves with the exit status. */
  execute({
    graph,
    parameters,
    tags,
    originRunId,
    first,
  }: {
    graph: Graph;
    parameters: Readonly<Record<string, unknown>>;
    tags?: readonly string[];
    originRunId?: string;
    /** What to begin with, once the run exists. */
    first: (writer: RunWriter) => Promise<readonly ReadyTask[]>;
  }): Promise<number>;
  /** Something for people on stderr, unless they asked for quiet. */
  say(text: string): void;
  [Symbol.asyncDispose](): Promise<void>;
}
