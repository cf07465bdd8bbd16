import type { FolderWatch } from '../process/folder-watch.ts';
import type { LogFile } from '../process/log-file.ts';
import type { ToldFacts } from './errors.ts';

/** How a process ended. Both are `null` when nobody was there to see it and it left no word. */
export type Exit = (
  | { readonly exitCode: number; readonly signalCode: null }
  | { readonly exitCode: null; readonly signalCode: NodeJS.Signals | null }
) & {
  /** When it was, in milliseconds since the epoch, if it was not seen from here: that may have been long ago. */
  readonly at?: number | undefined;
};

/** The process that executes a run, as the run's handle sees it. */
export interface RunProcess {
  /**
   * `owned` ends with the handle, at the latest; an `attached` one goes on, and the handle only lets go of it.
   */
  readonly ownership: 'owned' | 'attached';
  readonly pid: number;
  readonly command: readonly string[];
  readonly stdout: LogFile;
  readonly stderr: LogFile;
  /** How it ended; `undefined` while it has not. */
  readonly exit: Exit | undefined;
  /** Keeps this process alive until the result is disposed, as long as the run process has not ended. */
  hold(): Disposable;
  /** @throws {RacewayError} `OTHER_MACHINE` when it cannot be ended from here */
  checkReach(): void;
  /** Ends it and everything it started: SIGTERM, then SIGKILL after `graceMs`. Resolves when nothing of it is left. */
  end(options?: { readonly graceMs?: number | undefined }): Promise<void>;
  /**
   * Waits for its end and ends what it left behind. Resolves to `false` when it was released before that.
   */
  cleared(): Promise<boolean>;
  /** The same, and then lets those who read its logs come to their end. */
  finish(): Promise<void>;
  /** Gives up what there is here for it. Whoever wants to read the output from now on gets a `CleanedUpError`. */
  release(): Promise<void>;
}

/** A process that was started here and has yet to announce its run. */
export interface StartedProcess extends Pick<RunProcess, 'exit' | 'end' | 'finish' | 'stdout' | 'stderr'> {
  /** Where it announces its run. */
  readonly attributeFile: string;
  /** Wakes whoever waits for a change of the attribute file's folder or for the end of the process. */
  readonly watch: FolderWatch;
  readonly exited: Promise<Exit>;
  /** What errors say of it. */
  startFacts(): ToldFacts;
  /** Removes its files; it has ended. */
  discard(): Promise<void>;
}
