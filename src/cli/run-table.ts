import type { Run } from '../client/run.ts';
import { timestamp } from '../core/timestamp.ts';
import { spanOf, spanText } from './last-heard.ts';
import type { Output, Part } from './output.ts';
import { statusPart } from './status-part.ts';

/** Prints runs under each other. */
export async function printRuns(output: Output, runs: readonly Run[]): Promise<void> {
  const heading = ['RUN', 'STATUS', startedHeading(), 'DURATION', 'USER', 'TAGS'];
  output.table([heading.map((text): Part => ({ style: 'dim', text })), ...(await Promise.all(runs.map(row)))]);
}

/** The heading of times, which are local: `STARTED (Europe/Berlin)`. */
export function startedHeading(): string {
  return `STARTED (${new Intl.DateTimeFormat().resolvedOptions().timeZone})`;
}

async function row(run: Run): Promise<readonly Part[]> {
  return [
    run.pathspec,
    statusPart(run.status, run.reason),
    toTheSecond(run.createdAt),
    spanText(await spanOf(run)),
    run.user,
    run.userTags.join(', '),
  ];
}

/** `2026-11-21 10:00:00`, local time. */
export function toTheSecond(time: Date): string {
  return timestamp(time.getTime()).slice(0, 'yyyy-mm-dd hh:mm:ss'.length);
}
