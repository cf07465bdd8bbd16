import type { FinalTaskState, TaskReason } from '../core/status.ts';
import { describeReason } from '../core/status.ts';
import type { CaughtError } from '../flow/decorators/catch-error.ts';
import type { GraphStep } from '../flow/graph.ts';
import type { CatchPolicy } from '../flow/step-policy.ts';
import { prepareBlob } from '../store/artifact-files.ts';
import { encodeValue } from '../store/encoding.ts';
import type {
  ArtifactRecord,
  AttemptResult,
  BlobOwner,
  ExceptionRecord,
  TransitionRecord,
} from '../store/run-store.ts';
import { describeMisfit } from './fits.ts';
import type { TaskFacts } from './messages.ts';
import type { SecretMask } from './secret-mask.ts';
import type { TaskEnd } from './worker-process.ts';

/** The exit status of a task that no process could begin, as a shell has it for a command that cannot be executed. */
const UNABLE_STATUS = 126;

/** What is to be recorded of an attempt, by how its worker's time with it ended. */
export function attemptResult(
  given: TaskEnd,
  {
    taskId,
    attempt,
    step,
    isStopping,
    mask,
  }: {
    taskId: string;
    attempt: number;
    step: GraphStep | undefined;
    /** Whether the run is being ended, for which the attempt is not to blame. */
    isStopping: boolean;
    mask: SecretMask;
  },
): AttemptResult {
  const end = checkedEnd(given, step);
  const nothing = { taskId, attempt, artifacts: [], blobs: [] };
  const failed = (reason: TaskReason): FinalTaskState => ({
    status: 'failed',
    reason: isStopping ? { kind: 'stopped' } : reason,
  });
  switch (end.kind) {
    case 'done': {
      const { outcome } = end;
      const { cards, blobs } = outcome;
      if (outcome.status === 'successful') {
        const { transition, artifacts, reads } = outcome;
        return { taskId, attempt, state: { status: 'successful' }, transition, artifacts, cards, blobs, reads };
      }
      const exception = masked(outcome.exception, mask);
      const state = failed({ kind: 'exception', message: summary(exception) });
      return { ...nothing, cards, blobs, exception, reads: outcome.reads, state };
    }
    case 'unusable': {
      const exception = { name: 'Error', message: mask.text(end.message), stack: '' };
      return { ...nothing, exception, state: failed({ kind: 'exit', exitCode: UNABLE_STATUS }) };
    }
    case 'unloadable':
      return { ...nothing, state: failed({ kind: 'exception', message: mask.text(end.message) }) };
    case 'exit':
    case 'signal':
    case 'timeout':
      return { ...nothing, state: failed(end) };
  }
}

/**
 * The same for a step that catches errors: a failure counts as done, goes where the source of the step says, and passes on
 * what the parent left, or what all inputs of a join agree on. A step that chooses by a condition cannot go on without it.
 */
export function caughtResult(
  result: AttemptResult,
  {
    policy,
    task,
    step,
    owner,
  }: { policy: CatchPolicy | undefined; task: TaskFacts; step: GraphStep | undefined; owner: BlobOwner },
): AttemptResult {
  const { state, attempt } = result;
  if (state.status !== 'failed' || state.reason.kind === 'stopped' || policy === undefined) return result;
  if (step?.transition?.kind === 'switch') return result;
  const kept = passedOn(task).filter(({ name }) => name !== policy.artifact);
  const caught = { ...result, state: { status: 'successful', caught: state.reason }, transition: goOn(step) } as const;
  if (policy.artifact === undefined) return { ...caught, artifacts: kept };
  const encoded = encodeValue(describeFailure(result.exception, { reason: state.reason, attempt, step: task.step }));
  if (encoded.kind === 'refused') throw new Error(`an error cannot be stored: it holds ${encoded.what}`);
  const blob = prepareBlob(owner, encoded.parts);
  const { sha256, sizeBytes } = blob;
  return {
    ...caught,
    artifacts: [...kept, { name: policy.artifact, type: encoded.type, sha256, sizeBytes }],
    blobs: [...result.blobs, blob],
  };
}

/** What goes on to the next step although this one left nothing: for a join, what all its inputs have alike. */
function passedOn({ inherited, inputs, split }: TaskFacts): readonly ArtifactRecord[] {
  if (inputs === undefined) return inherited;
  const [first, ...others] = inputs.length === 0 && split !== undefined ? [split] : inputs;
  const shared = others.map(({ artifacts }) => new Map(artifacts.map(({ name, sha256 }) => [name, sha256])));
  return (first?.artifacts ?? []).filter(({ name, sha256 }) => shared.every((known) => known.get(name) === sha256));
}

function describeFailure(
  exception: ExceptionRecord | undefined,
  { reason, attempt, step }: { reason: TaskReason; attempt: number; step: string },
): CaughtError {
  const what = exception ?? { name: reason.kind, message: describeReason(reason), stack: '' };
  return { ...what, kind: reason.kind, attempt, step };
}

/** Where a step goes that has not said so itself; of a foreach, there are no items. */
function goOn(step: GraphStep | undefined): TransitionRecord | undefined {
  if (step?.transition === undefined) return undefined;
  const { kind, steps } = step.transition;
  return kind === 'foreach' ? { kind, steps, items: [] } : { kind, steps };
}

function checkedEnd(end: TaskEnd, step: GraphStep | undefined): TaskEnd {
  if (end.kind !== 'done' || end.outcome.status !== 'successful') return end;
  const message = describeMisfit(end.outcome.transition, step);
  if (message === undefined) return end;
  const exception = { name: 'FlowError', message, stack: '' };
  return { ...end, outcome: { status: 'failed', exception, reads: end.outcome.reads, cards: [], blobs: [] } }; // its cards speak of success
}

function masked({ name, message, stack }: ExceptionRecord, mask: SecretMask): ExceptionRecord {
  return { name: mask.text(name), message: mask.text(message), stack: mask.text(stack) };
}

/** What fits into a reason; the whole of it is kept with the attempt. */
const MAX_SUMMARY_LENGTH = 1000;

function summary({ name, message }: ExceptionRecord): string {
  const text = `${name}: ${message}`;
  return text.length <= MAX_SUMMARY_LENGTH ? text : `${text.slice(0, MAX_SUMMARY_LENGTH)}…`;
}
