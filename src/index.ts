import './core/node-version.ts';

export { CleanedUpError, FlowStartError, RunFailedError, StartTimeoutError } from './runner/errors.ts';
export {
  ExecutingRun,
  type KillOptions,
  type Stream,
  type StreamLogOptions,
  type WaitOptions,
} from './runner/executing-run.ts';
export { Runner } from './runner/runner.ts';
export type { ResumeOperationOptions, RunnerOptions, RunOperationOptions } from './runner/runner-options.ts';
export type { LogLine } from './process/line-reader.ts';
export { FlowFileError, InvalidOptionError, NotFoundError, RacewayError, type ErrorCode } from './core/errors.ts';
