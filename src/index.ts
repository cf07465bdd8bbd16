import './core/node-version.ts';

export type { Artifact } from './client/artifact.ts';
export type { Card } from './client/card.ts';
export { checkHome } from './client/check-home.ts';
export type { Finding, FindingKind } from './client/finding.ts';
export type { ArtifactName, Data } from './client/data.ts';
export type { Flow, RunsOptions } from './client/flow.ts';
export { openHome, type Home } from './client/home.ts';
export type { TaskLogLine } from './client/log-lines.ts';
export type { Run, TagChange } from './client/run.ts';
export type { Step } from './client/step.ts';
export type { LogLinesOptions, LogOptions, LogStream } from './client/task-log.ts';
export type { Attempt, Task } from './client/task.ts';
export type { AttachOptions } from './runner/attach.ts';
export { CleanedUpError, FlowStartError, RunFailedError, StartTimeoutError } from './runner/errors.ts';
export type { KillOptions, StreamLogOptions, WaitOptions } from './runner/executing.ts';
export { ExecutingRun } from './runner/executing-run.ts';
export { ExecutingTask } from './runner/executing-task.ts';
export type { MapResult, MapResults } from './runner/map-result.ts';
export { product } from './runner/product.ts';
export { Runner } from './runner/runner.ts';
export type {
  MapOperationOptions,
  ResumeOperationOptions,
  RunnerOptions,
  RunOperationOptions,
  SpinOperationOptions,
} from './runner/runner-options.ts';
export { zip } from './runner/zip.ts';
export type { LogLine } from './process/line-reader.ts';
export { FlowFileError, InvalidOptionError, NotFoundError, RacewayError, type ErrorCode } from './core/errors.ts';
export type { RecordedEvent, RunEvent } from './core/events.ts';
export type { AnyFlow, Artifacts, ParameterValues } from './core/flow-shape.ts';
export type { Amount, Garbage, RunKind } from './store/run-store.ts';
export type { RunReason, RunStatus, TaskReason, TaskStatus } from './core/status.ts';
