import { styleText } from 'node:util';
import { parsePathspec } from '../core/pathspec.js';
import { describeReason } from '../core/status.js';
import { timestamp } from '../core/timestamp.js';
import { formatException } from '../engine/exception.js';
/** Lines for people, as Metaflow writes them: `time [run/step/task (pid N)] text`. Colours only on a terminal. */
export class TextConsole {
  #resumeCommand;
  #pids = new Map();
  constructor({ resumeCommand }) {
    this.#resumeCommand = resumeCommand;
  }
  report(event, exception) {
    const path = parsePathspec(event.pathspec);
    switch (event.type) {
      case 'run-started':
        return this.#print('', [bold(`Workflow starting (run-id ${path.run}):`)]);
      case 'task-cloned':
        return this.#print(head(event.pathspec), [`Cloning previously run task ${withoutFlow(event.originPathspec)}`]);
      case 'task-started':
        this.#pids.set(event.pathspec, event.pid);
        return this.#print(this.#head(event.pathspec), ['Task is starting.']);
      case 'task-output':
        return this.#print(this.#head(event.pathspec), event.lines);
      case 'task-succeeded':
        this.#print(this.#head(event.pathspec), ['Task finished successfully.']);
        this.#pids.delete(event.pathspec);
        return;
      case 'task-failed': {
        this.#print(this.#head(event.pathspec), [
          red(event.reason.kind === 'stopped' ? 'Task stopped.' : 'Task failed.'),
        ]);
        this.#pids.delete(event.pathspec);
        if (event.reason.kind !== 'stopped') {
          const what = exception === undefined ? describeReason(event.reason) : formatException(exception);
          printError(`Step ${path.step} (task-id ${path.task}, attempt ${event.attempt}) failed: ${what}`);
        }
        return;
      }
      case 'run-finished':
        if (event.state.status === 'successful') return this.#print('', [bold('Done!')]);
        this.#print('', [red('Workflow failed.')]);
        printError(`The run failed: ${describeReason(event.state.reason)}`);
        printError(`To resume it: ${this.#resumeCommand(path.run ?? '')}`);
    }
  }
  remark(text) {
    this.#print('', [text]);
  }
  #head(pathspec) {
    return head(pathspec, this.#pids.get(pathspec));
  }
  #print(headText, lines) {
    const prefix = magenta(timestamp(Date.now())) + headText;
    process.stdout.write(`${prefix} ${lines.join(`\n${prefix} `)}\n`);
  }
}
/** One JSON object a line: the events as they are, with their time. */
export class JsonConsole {
  report(event, exception) {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...event, exception })}\n`);
  }
  remark(text) {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), type: 'remark', text })}\n`);
  }
}
function head(pathspec, pid) {
  return green(` [${withoutFlow(pathspec)}${pid === undefined ? '' : ` (pid ${pid})`}]`);
}
function withoutFlow(pathspec) {
  return pathspec.slice(pathspec.indexOf('/') + 1);
}
function printError(text) {
  process.stderr.write(`${text.replaceAll(/^/gm, '    ')}\n`);
}
const HAS_COLOURS = process.stdout.isTTY === true && process.stdout.hasColors();
function bold(text) {
  return HAS_COLOURS ? styleText('bold', text) : text;
}
function red(text) {
  return HAS_COLOURS ? styleText(['bold', 'red'], text) : text;
}
function green(text) {
  return HAS_COLOURS ? styleText('green', text) : text;
}
function magenta(text) {
  return HAS_COLOURS ? styleText('magenta', text) : text;
}
