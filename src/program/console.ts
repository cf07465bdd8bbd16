import { styleText } from 'node:util';
import type { RunEvent, TaskOutput } from '../core/events.ts';
import { harmless, harmlessJson } from '../core/harmless.ts';
import { parsePathspec, withoutFlow } from '../core/pathspec.ts';
import { describeReason, type TaskReason } from '../core/status.ts';
import { timestamp } from '../core/timestamp.ts';
import { formatException } from '../engine/exception.ts';
import type { ExceptionRecord } from '../store/run-store.ts';

/** Shows what happens in a run. */
export interface RunConsole {
  report(event: RunEvent | TaskOutput, exception?: ExceptionRecord): void;
  /** A remark that is no event; for people only. */
  remark(text: string): void;
}

export interface ConsoleOptions {
  /** The command that resumes the run, shown when it fails; of a spin there is none. */
  readonly resumeCommand: ((runId: string) => string) | undefined;
}

/**
 * Lines for people, as Metaflow writes them: `time [run/step/task (pid N)] text`. Colours only on a terminal. What a task
 * prints is shown as it is, as it would be without raceway; what is told about it is made harmless.
 */
export class TextConsole implements RunConsole {
  readonly #resumeCommand: ConsoleOptions['resumeCommand'];
  readonly #pids = new Map<string, number>();

  constructor({ resumeCommand }: ConsoleOptions) {
    this.#resumeCommand = resumeCommand;
  }

  report(event: RunEvent | TaskOutput, exception?: ExceptionRecord): void {
    const path = parsePathspec(event.pathspec);
    switch (event.type) {
      case 'run-started':
        return this.#print('', [bold(`Workflow starting (run-id ${path.run}):`)]);
      case 'task-cloned':
        return this.#print(head(event.pathspec), [`Cloning previously run task ${withoutFlow(event.originPathspec)}`]);
      case 'task-started':
        this.#pids.set(event.pathspec, event.pid);
        return this.#print(this.#head(event.pathspec), [
          ...(event.originPathspec === undefined ? [] : [`Spinning ${event.originPathspec}`]),
          event.attempt === 0 ? 'Task is starting.' : `Task is starting (retry ${event.attempt}).`,
        ]);
      case 'task-output':
        return this.#print(this.#head(event.pathspec), event.lines);
      case 'task-succeeded':
        this.#print(this.#head(event.pathspec), [
          event.caught === undefined ? 'Task finished successfully.' : red('Task failed; its error is caught.'),
        ]);
        this.#pids.delete(event.pathspec);
        if (event.caught !== undefined && !isUnexplained(event.caught, exception))
          this.#explain(event, event.caught, exception);
        return;
      case 'task-failed': {
        this.#print(this.#head(event.pathspec), [
          red(event.reason.kind === 'stopped' ? 'Task stopped.' : 'Task failed.') +
            (event.isRetried === true ? ' It will be tried again.' : ''),
        ]);
        this.#pids.delete(event.pathspec);
        if (event.reason.kind === 'stopped' || (event.isRetried === true && isUnexplained(event.reason, exception)))
          return;
        this.#explain(event, event.reason, exception);
        return;
      }
      case 'run-finished':
        if (event.state.status === 'successful') return this.#print('', [bold('Done!')]);
        this.#print('', [red('Workflow failed.')]);
        printError(`The run failed: ${describeReason(event.state.reason)}`);
        if (this.#resumeCommand !== undefined) printError(`To resume it: ${this.#resumeCommand(path.run ?? '')}`);
    }
  }

  remark(text: string): void {
    this.#print('', [harmless(text)]);
  }

  #explain(
    { pathspec, attempt }: { pathspec: string; attempt: number },
    reason: TaskReason,
    exception: ExceptionRecord | undefined,
  ): void {
    const { step, task } = parsePathspec(pathspec);
    const what = exception === undefined ? describeReason(reason) : formatException(exception);
    printError(`Step ${step} (task-id ${task}, attempt ${attempt}) failed: ${what}`);
  }

  #head(pathspec: string): string {
    return head(pathspec, this.#pids.get(pathspec));
  }

  #print(headText: string, lines: readonly string[]): void {
    const prefix = magenta(timestamp(Date.now())) + headText;
    process.stdout.write(`${prefix} ${lines.join(`\n${prefix} `)}\n`);
  }
}

/** One JSON object a line: the events as they are, with their time. */
export class JsonConsole implements RunConsole {
  report(event: RunEvent | TaskOutput, exception?: ExceptionRecord): void {
    process.stdout.write(`${harmlessJson({ time: new Date().toISOString(), ...event, exception })}\n`);
  }

  remark(text: string): void {
    process.stdout.write(`${harmlessJson({ time: new Date().toISOString(), type: 'remark', text })}\n`);
  }
}

function head(pathspec: string, pid?: number): string {
  return green(` [${withoutFlow(pathspec)}${pid === undefined ? '' : ` (pid ${pid})`}]`);
}

/** Whether a step threw, and is not to be asked what. */
function isUnexplained(reason: TaskReason, exception: ExceptionRecord | undefined): boolean {
  return reason.kind === 'exception' && exception === undefined;
}

function printError(text: string): void {
  process.stderr.write(`${harmless(text, '\n\t').replaceAll(/^/gm, '    ')}\n`);
}

const HAS_COLOURS = process.stdout.isTTY && process.stdout.hasColors();

function bold(text: string): string {
  return HAS_COLOURS ? styleText('bold', text) : text;
}

function red(text: string): string {
  return HAS_COLOURS ? styleText(['bold', 'red'], text) : text;
}

function green(text: string): string {
  return HAS_COLOURS ? styleText('green', text) : text;
}

function magenta(text: string): string {
  return HAS_COLOURS ? styleText('magenta', text) : text;
}
