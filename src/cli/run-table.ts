import type { Run } from '../client/run.ts';
import { formatDuration } from '../core/format-duration.ts';
import { timestamp } from '../core/timestamp.ts';
import type { Output, Part } from './output.ts';
import { durationMs } from './run-facts.ts';
import { statusPart } from './status-part.ts';

const HEADINGS = ['RUN', 'STATUS', 'STARTED', 'DURATION', 'USER', 'TAGS'];

/** Prints runs under each other. */
export function printRuns(output: Output, runs: readonly Run[]): void {
  const heading = HEADINGS.map((text): Part => ({ style: 'dim', text }));
  output.table([heading, ...runs.map(row)]);
}

function row(run: Run): readonly Part[] {
  return [
    run.pathspec,
    statusPart(run.status, run.reason),
    toTheSecond(run.createdAt),
    formatDuration(durationMs(run)),
    run.user,
    run.userTags.join(', '),
  ];
}

/** `2026-11-21 10:00:00`, local time. */
export function toTheSecond(time: Date): string {
  return timestamp(time.getTime()).slice(0, 'yyyy-mm-dd hh:mm:ss'.length);
}
