import type { TaskLogLine } from '../client/log-lines.ts';
import type { LogStream } from '../client/task-log.ts';
import type { Task } from '../client/task.ts';

/** A line of the log of a task. */
export interface PastLine extends TaskLogLine {
  readonly stream: LogStream;
}

/** What a task has written by now, in the order of the lines' times. @param attempt from 0; the latest unless given */
export async function* pastLines(
  task: Task,
  { streams, attempt }: { readonly streams: readonly LogStream[]; readonly attempt?: number | undefined },
): AsyncGenerator<PastLine> {
  const logs = await Promise.all(
    streams.map(async (stream) => {
      const lines = task.logLines(stream, { attempt, follow: false });
      return { stream, lines, next: await lines.next() };
    }),
  );
  for (;;) {
    let first: (typeof logs)[number] | undefined;
    for (const log of logs) {
      if (log.next.done === true) continue;
      if (first?.next.value === undefined || log.next.value.time < first.next.value.time) first = log;
    }
    if (first?.next.value === undefined) return;
    yield { ...first.next.value, stream: first.stream };
    first.next = await first.lines.next();
  }
}

/** The last lines of that. @param count how many at most */
export async function lastLines(
  task: Task,
  {
    count,
    ...which
  }: {
    readonly count: number;
    readonly streams: readonly LogStream[];
    readonly attempt?: number | undefined;
  },
): Promise<readonly PastLine[]> {
  let lines: PastLine[] = [];
  for await (const line of pastLines(task, which)) {
    lines.push(line);
    if (lines.length >= 2 * count + 100) lines = lines.slice(-count); // seldom, since it copies them
  }
  return count === 0 ? [] : lines.slice(-count);
}
