import type { RecordedEvent } from '../core/events.ts';
import {
  isCount,
  isException,
  isFrames,
  isLogBytes,
  isName,
  isProcess,
  isReads,
  isRunEvent,
  isRunKind,
  isSha256,
  isTaskId,
  isTaskIds,
  isTaskPathspec,
  isText,
  isTexts,
  isTime,
  isTransition,
} from './record-shapes.ts';
import type {
  ArtifactRecord,
  AttemptRecord,
  CardRecord,
  FlowRecord,
  RunRecord,
  StepRecord,
  TaskRecord,
} from './run-store.ts';
import type { Row } from './sqlite-database.ts';
import { column, jsonColumn, optionalColumn, optionalJson, runState, taskState } from './sqlite-row.ts';

// What the queries of the store find, as the records that it gives. Each throws when a column is not what it has to be.

export function toFlow(row: Row): FlowRecord {
  return { name: column(row, 'name', isName), createdAt: column(row, 'created_at', isTime) };
}

export function toRun(row: Row): RunRecord {
  return {
    flow: column(row, 'flow', isName),
    id: column(row, 'id', isName),
    position: column(row, 'run_key', isCount),
    kind: column(row, 'kind', isRunKind),
    state: runState(row),
    createdAt: column(row, 'created_at', isTime),
    finishedAt: optionalColumn(row, 'finished_at', isTime),
    user: column(row, 'user', isText),
    userTags: jsonColumn(row, 'user_tags', isTexts),
    systemTags: jsonColumn(row, 'system_tags', isTexts),
    originRunId: optionalColumn(row, 'origin_run_id', isName),
    parameters: column(row, 'parameters', isText),
    command: jsonColumn(row, 'command', isTexts),
    process: jsonColumn(row, 'process', isProcess),
    heartbeatAt: column(row, 'heartbeat_at', isTime),
  };
}

export function toStep(row: Row): StepRecord {
  return {
    flow: column(row, 'flow', isName),
    runId: column(row, 'run_id', isName),
    name: column(row, 'name', isName),
    createdAt: column(row, 'created_at', isTime),
    finishedAt: optionalColumn(row, 'finished_at', isTime),
    sourceSha256: column(row, 'source_sha256', isText),
  };
}

export function toTask(row: Row): TaskRecord {
  const frames = jsonColumn(row, 'frames', isFrames);
  return {
    flow: column(row, 'flow', isName),
    runId: column(row, 'run_id', isName),
    step: column(row, 'step', isName),
    id: idColumn(row, 'id'),
    state: taskState(row),
    createdAt: column(row, 'created_at', isTime),
    finishedAt: optionalColumn(row, 'finished_at', isTime),
    attempt: column(row, 'attempt', isCount),
    frames,
    index: frames.findLast(({ item }) => item !== undefined)?.slot,
    originPathspec: optionalColumn(row, 'origin_pathspec', isTaskPathspec),
    exception: optionalJson(row, 'exception', isException),
    transition: optionalJson(row, 'transition', isTransition),
    reads: optionalJson(row, 'reads', isReads),
    logBytes: optionalJson(row, 'log_bytes', isLogBytes),
    parentIds: jsonColumn(row, 'parent_ids', isTaskIds),
  };
}

/** The id of a task: kept as a number, and text everywhere else. */
export function idColumn(row: Row, name: string): string {
  return column({ [name]: String(row[name]) }, name, isTaskId);
}

export function toAttempt(row: Row): AttemptRecord {
  return {
    number: column(row, 'number', isCount),
    state: taskState(row),
    startedAt: column(row, 'started_at', isTime),
    finishedAt: optionalColumn(row, 'finished_at', isTime),
    pid: column(row, 'pid', isCount),
    exception: optionalJson(row, 'exception', isException),
    logBytes: optionalJson(row, 'log_bytes', isLogBytes),
  };
}

export function toArtifact(row: Row): ArtifactRecord {
  return {
    name: column(row, 'name', isText),
    sha256: column(row, 'sha256', isSha256),
    sizeBytes: column(row, 'size_bytes', isCount),
    type: column(row, 'type', isText),
  };
}

export function toCard(row: Row): CardRecord {
  return {
    id: column(row, 'id', isText),
    type: column(row, 'type', isText),
    sha256: column(row, 'sha256', isSha256),
    sizeBytes: column(row, 'size_bytes', isCount),
  };
}

export function toEvent(row: Row): RecordedEvent {
  return {
    ...jsonColumn(row, 'event', isRunEvent),
    sequence: column(row, 'sequence', isCount),
    at: column(row, 'at', isTime),
  };
}
