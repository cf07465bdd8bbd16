import { withoutFlow } from '../core/pathspec.ts';
import type { RunReason, RunStatus, TaskReason, TaskStatus } from '../core/status.ts';
import type { Style, Styled } from './output.ts';

const STYLES: Readonly<Record<RunStatus, Style>> = {
  running: 'cyan',
  successful: 'green',
  failed: 'red',
  timeout: 'red',
};

/** The status of a run or task with the shortest form of why: `failed at fit/7`, `lost`, `killed`. */
export function statusPart(status: RunStatus | TaskStatus, reason?: RunReason | TaskReason): Styled {
  return { style: STYLES[status], text: reason === undefined ? status : inShort(status, reason) };
}

function inShort(status: RunStatus, reason: RunReason | TaskReason): string {
  switch (reason.kind) {
    case 'task':
      return `${status} at ${withoutFlow(withoutFlow(reason.pathspec))}`; // and without its run
    case 'exception':
      return status;
    case 'exit':
      return `${status} (exit ${reason.exitCode})`;
    case 'signal':
      return `${status} (${reason.signalCode})`;
    case 'timeout':
      return status === 'timeout' ? status : `${status} (timeout)`;
    case 'killed':
    case 'stopped':
    case 'lost':
      return `${status} (${reason.kind})`;
  }
}
