import type { Run } from '../client/run.ts';
import type { Task } from '../client/task.ts';
import { formatDuration } from '../core/format-duration.ts';
import type { RunReason, TaskReason } from '../core/status.ts';
import { durationMs } from './run-facts.ts';

/** From when to when something went on, and whether the end is only the last that was heard of it. */
export interface Span {
  readonly createdAt: Date;
  readonly finishedAt: Date | undefined;
  readonly reason?: RunReason | TaskReason | undefined;
}

/**
 * When a run went on. A run process gives a sign of life every few seconds only: of a lost run the beginnings and ends of its
 * attempts say more.
 */
export async function spanOf(run: Run): Promise<Span> {
  const { createdAt, finishedAt, reason } = run;
  if (reason?.kind !== 'lost') return { createdAt, finishedAt, reason };
  const attempts = (await Array.fromAsync(run.tasks())).filter(({ originPathspec }) => originPathspec === undefined);
  const heard = attempts.flatMap((task) => task.attempts.flatMap((one) => [one.startedAt, one.finishedAt]));
  return { createdAt, finishedAt: latest([finishedAt, ...heard]), reason };
}

/** When a task was executed: one that was taken over, when the other run executed it. */
export function taskSpan(task: Task): Span {
  const { createdAt, finishedAt, reason } = task;
  const executedAt = task.originPathspec === undefined ? createdAt : (task.attempts[0]?.startedAt ?? createdAt);
  const span = { createdAt: executedAt, finishedAt, reason };
  return heardUntil(
    span,
    task.attempts.map(({ startedAt }) => startedAt),
  );
}

/** The same, known to have gone on until one of these times as well if it is lost. */
export function heardUntil(span: Span, times: readonly Date[]): Span {
  return span.reason?.kind === 'lost' ? { ...span, finishedAt: latest([span.finishedAt, ...times]) } : span;
}

/** How long that is; of what is lost only how long at least. */
export function spanText(span: Span): string {
  if (span.reason?.kind !== 'lost') return formatDuration(durationMs(span));
  return durationMs(span) <= 0 ? 'not known' : `≥ ${formatDuration(durationMs(span))}`;
}

function latest(times: readonly (Date | undefined)[]): Date | undefined {
  const known = times.flatMap((time) => (time === undefined ? [] : [time.getTime()]));
  return known.length === 0 ? undefined : new Date(Math.max(...known));
}
