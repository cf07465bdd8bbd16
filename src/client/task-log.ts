import { open } from 'node:fs/promises';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import { formatPathspec, parsePathspec } from '../core/pathspec.ts';
import { databaseFile, logFile, logTimesFile, refuseLinks } from '../store/home-folder.ts';
import type { TaskRecord } from '../store/run-store.ts';
import { FileWatch } from './file-watch.ts';
import { isStillAt, logLines, type TaskLogLine } from './log-lines.ts';
import type { StoreLease } from './store-lease.ts';
import { taskSnapshots } from './task-snapshots.ts';

/** A string holds 512 MB at most, and whoever wants that much wants lines. */
const TEXT_BYTES_MAX = 256_000_000;

/** One of a task's two output streams. */
export type LogStream = 'stdout' | 'stderr';

/** Which attempt's log. */
export interface LogOptions {
  /** From 0; for a cloned task, among the attempts of the task it was cloned from. @default the latest */
  readonly attempt?: number | undefined;
}

/** How to read a log by lines. */
export interface LogLinesOptions extends LogOptions {
  /** Whether to wait for what is still to be written. Without that, a last line that has not ended comes as it is. @default true */
  readonly follow?: boolean | undefined;
  /** Aborting it ends the reading, and the loop throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Everything that an attempt has written so far. */
export async function logText(
  lease: StoreLease,
  { task, stream, attempt }: { task: TaskRecord; stream: LogStream } & LogOptions,
): Promise<string> {
  const { file } = await locate(lease, { task, stream, attempt });
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    if (size > TEXT_BYTES_MAX) {
      throw new RacewayError(
        'OUTPUT_TOO_LARGE',
        `the ${stream} of ${pathspecOf(task)} is too large for a string: ${size} bytes`,
        `Read it line by line with logLines('${stream}').`,
      );
    }
    const text = await handle.readFile('utf8');
    return text === '' || (await isStillAt(file, handle)) ? text : '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** The lines of an attempt, unless told otherwise those to come included until the attempt has ended. */
export async function* followLog(
  lease: StoreLease,
  {
    task,
    stream,
    attempt,
    follow = true,
    signal,
  }: { task: TaskRecord; stream: LogStream; signal: AbortSignal } & LogLinesOptions,
): AsyncGenerator<TaskLogLine> {
  signal.throwIfAborted();
  const { file, ended } = await locate(lease, { task, stream, attempt });
  if (!follow) {
    yield* logLines(file, { ended: async () => true, next: async () => {} });
    return;
  }
  using watch = new FileWatch([file, databaseFile(lease.home)]);
  yield* logLines(file, { ended, next: () => watch.next(signal) });
}

async function locate(
  lease: StoreLease,
  { task, stream, attempt }: { task: TaskRecord; stream: LogStream } & LogOptions,
): Promise<{ readonly file: string; readonly ended: () => Promise<boolean> }> {
  const { flow, runId, id: taskId } = await executedTask(lease, task);
  const read = async () => (await taskSnapshots(lease.store, { flow, runId, taskId }))[0]?.attempts ?? [];

  const attempts = await read();
  const number = attempt ?? attempts.at(-1)?.number ?? 0;
  if (attempt !== undefined && !attempts.some((known) => known.number === attempt)) {
    throw new NotFoundError(
      pathspecOf(task),
      `${pathspecOf(task)} has no attempt ${attempt}`,
      `Its attempts are ${attempts.map((known) => known.number).join(', ')}.`,
    );
  }
  const file = logFile(lease.home, { flow, runId, taskId, attempt: number, stream });
  for (const one of [file, logTimesFile(file)]) refuseLinks(lease.home, one);
  return {
    file,
    ended: async () => (await read()).find((known) => known.number === number)?.state.status !== 'running',
  };
}

/** The task that was executed: a clone has written nothing itself, and may be the clone of a clone. */
async function executedTask(lease: StoreLease, task: TaskRecord): Promise<TaskRecord> {
  let current = task;
  const seen = new Set<string>();
  while (current.originPathspec !== undefined && !seen.has(current.originPathspec)) {
    seen.add(current.originPathspec); // in a damaged database a task may come from itself
    if ((await lease.store.run(current.flow, current.runId))?.kind === 'spin') return current; // it is no clone
    const origin = parsePathspec(current.originPathspec, 'task');
    const record = await lease.store.task(origin.flow, origin.run, origin.task);
    if (record === undefined) {
      throw new NotFoundError(
        current.originPathspec,
        `cannot read the log of ${pathspecOf(task)}: it was cloned from ${current.originPathspec}, which is gone`,
        'Its artifacts are still there; to have a log of its own the step must run again.',
      );
    }
    current = record;
  }
  return current;
}

function pathspecOf({ flow, runId, step, id }: TaskRecord): string {
  return formatPathspec({ flow, run: runId, step, task: id });
}
