import { open } from 'node:fs/promises';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import { formatPathspec, parsePathspec, type PathspecOf } from '../core/pathspec.ts';
import { databaseFile, logFile, logFolder, logTimesFile, refuseLinks } from '../store/home-folder.ts';
import { namesIn } from '../store/run-files.ts';
import type { LogBytes, TaskRecord, TimeMs } from '../store/run-store.ts';
import { FileWatch } from './file-watch.ts';
import { isStillAt, logLines, type TaskLogLine } from './log-lines.ts';
import type { StoreLease } from './store-lease.ts';
import { taskSnapshots } from './task-snapshots.ts';

/** A string holds 512 MB at most, and whoever wants that much wants lines. */
const TEXT_BYTES_MAX = 256_000_000;

/** One of a task's two output streams. */
export type LogStream = keyof LogBytes;

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

/** Everything that an attempt has written so far, and a last line that says so when some of it is gone. */
export async function logText(
  lease: StoreLease,
  { task, stream, attempt }: { task: TaskRecord; stream: LogStream } & LogOptions,
): Promise<string> {
  const { file, state } = await locate(lease, { task, stream, attempt });
  const { text, sizeBytes } = await textOf(file, { task, stream });
  const notice = lackOf(sizeBytes, state);
  if (notice === undefined) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${notice.text}\n`;
}

async function textOf(
  file: string,
  { task, stream }: { task: TaskRecord; stream: LogStream },
): Promise<{ readonly text: string; readonly sizeBytes: number }> {
  const nothing = { text: '', sizeBytes: 0 };
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
    const bytes = await handle.readFile();
    if (bytes.byteLength === 0 || !(await isStillAt(file, handle))) return nothing;
    return { text: bytes.toString(), sizeBytes: bytes.byteLength };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return nothing;
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
  const located = await locate(lease, { task, stream, attempt });
  const { file } = located;
  let { state } = located;
  const isEnded = async (): Promise<boolean> => {
    state = await located.look(); // what it says of the end is compared with what is read afterwards
    return !state.isRunning;
  };
  let sizeBytes: number;
  if (follow) {
    using watch = new FileWatch([file, databaseFile(lease.home)]);
    sizeBytes = yield* logLines(file, { ended: isEnded, next: () => watch.next(signal) });
  } else {
    sizeBytes = yield* logLines(file, { ended: async () => true, next: async () => {} });
  }
  const notice = lackOf(sizeBytes, state);
  if (notice !== undefined) yield notice;
}

/** What is known of an attempt whose log is read. */
interface LogState {
  readonly isRunning: boolean;
  /** How many bytes the log had at the end, where that was recorded. */
  readonly sizeBytes: number | undefined;
  readonly finishedAt: TimeMs | undefined;
}

/** The line that says that a log, of which so much was read, was longer; it stands where `--max-log-size` has its own. */
function lackOf(readBytes: number, { sizeBytes = 0, finishedAt = Date.now() }: LogState): TaskLogLine | undefined {
  if (readBytes >= sizeBytes) return undefined;
  const what =
    readBytes === 0
      ? `this log is gone: somebody removed or emptied it; it had ${sizeBytes} bytes`
      : `only ${readBytes} of the ${sizeBytes} bytes of this log are there: somebody cut it off`;
  return { time: new Date(finishedAt), text: `[raceway: ${what}]` };
}

async function locate(
  lease: StoreLease,
  { task, stream, attempt }: { task: TaskRecord; stream: LogStream } & LogOptions,
): Promise<{ readonly file: string; readonly state: LogState; readonly look: () => Promise<LogState> }> {
  const { flow, run: runId, task: taskId } = await executedTask(lease, task);
  const read = async () => (await taskSnapshots(lease.store, { flow, runId, taskId }))[0]?.attempts;

  const attempts = await read();
  const numbers = attempts?.map((known) => known.number) ?? keptAttempts(lease.home, { flow, runId, taskId });
  const number = attempt ?? numbers.at(-1) ?? 0;
  if (attempt !== undefined && !numbers.includes(attempt)) {
    throw new NotFoundError(
      pathspecOf(task),
      `${pathspecOf(task)} has no attempt ${attempt}`,
      numbers.length === 1 ? `It has only attempt ${numbers.join()}.` : `Its attempts are ${numbers.join(', ')}.`,
    );
  }
  const file = logFile(lease.home, { flow, runId, taskId, attempt: number, stream });
  for (const one of [file, logTimesFile(file)]) refuseLinks(lease.home, one);
  const stateIn = (known: typeof attempts): LogState => {
    const found = known?.find((one) => one.number === number);
    // Of a clone whose origin was removed, its own record says how the latest attempt ended.
    const end = known === undefined && number === numbers.at(-1) ? task : found;
    return {
      isRunning: found?.state.status === 'running',
      sizeBytes: end?.logBytes?.[stream],
      finishedAt: end?.finishedAt,
    };
  };
  return { file, state: stateIn(attempts), look: async () => stateIn(await read()) };
}

/** Of a task whose run was removed: its logs stay as long as a clone of it does, but those that are empty may be missing. */
function keptAttempts(
  home: string,
  { flow, runId, taskId }: { flow: string; runId: string; taskId: string },
): readonly number[] {
  const names = namesIn(logFolder(home, flow, runId));
  const numbers = names.filter((name) => name.startsWith(`${taskId}.`)).map((name) => Number(name.split('.')[1]));
  return Array.from({ length: Math.max(0, ...numbers) + 1 }, (_, number) => number);
}

/** The task that was executed: a clone has written nothing itself, and may be the clone of a clone. */
async function executedTask(lease: StoreLease, task: TaskRecord): Promise<PathspecOf<'task'>> {
  let current: TaskRecord | undefined = task;
  let place = parsePathspec(pathspecOf(task), 'task');
  const seen = new Set<string>();
  while (current?.originPathspec !== undefined && !seen.has(current.originPathspec)) {
    seen.add(current.originPathspec); // in a damaged database a task may come from itself
    if ((await lease.store.run(current.flow, current.runId))?.kind === 'spin') break; // it is no clone
    place = parsePathspec(current.originPathspec, 'task');
    current = await lease.store.task(place.flow, place.run, place.task);
  }
  return place;
}

function pathspecOf({ flow, runId, step, id }: TaskRecord): string {
  return formatPathspec({ flow, run: runId, step, task: id });
}
