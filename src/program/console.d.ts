import type { RunEvent, TaskOutput } from '../core/events.ts';
import type { ExceptionRecord } from '../store/run-store.ts';
/** Shows what happens in a run. */
export interface RunConsole {
  report(event: RunEvent | TaskOutput, exception?: ExceptionRecord): void;
  /** A remark that is no event; for people only. */
  remark(text: string): void;
}
export interface ConsoleOptions {
  /** The command that resumes the run, shown when it fails. */
  readonly resumeCommand: (runId: string) => string;
}
/** Lines for people, as Metaflow writes them: `time [run/step/task (pid N)] text`. Colours only on a terminal. */
export declare class TextConsole implements RunConsole {
  #private;
  constructor({ resumeCommand }: ConsoleOptions);
  report(event: RunEvent | TaskOutput, exception?: ExceptionRecord): void;
  remark(text: string): void;
}
/** One JSON object a line: the events as they are, with their time. */
export declare class JsonConsole implements RunConsole {
  report(event: RunEvent | TaskOutput, exception?: ExceptionRecord): void;
  remark(text: string): void;
}
