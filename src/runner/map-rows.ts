import { availableParallelism } from 'node:os';
import type { Home } from '../client/home.ts';
import type { Run } from '../client/run.ts';
import { InvalidOptionError, RacewayError } from '../core/errors.ts';
import type { FlowShape } from '../core/flow-shape.ts';
import { invalid } from '../core/invalid.ts';
import { checkTags } from '../core/tags.ts';
import { Batch } from './batch.ts';
import { checkParameters } from './check-parameters.ts';
import type { ExecutingRun } from './executing-run.ts';
import type { FlowDescription } from './flow-description.ts';
import type { MapResult } from './map-result.ts';
import type { Options } from './option-flags.ts';
import type { MapOwnOptions, OperationOwnOptions } from './runner-options.ts';
import { Sweep, type SweepPlan } from './sweep.ts';

/** What `map` needs of its runner. */
export interface MapHost<F extends FlowShape> {
  /** Whether the flow is a script of raceway, which can be asked about itself. */
  readonly isNative: boolean;
  /** Aborting one of them ends the sweep. */
  readonly signals: readonly (AbortSignal | undefined)[];
  /** Of the children. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly describe: (signal: AbortSignal) => Promise<FlowDescription>;
  /** @throws {InvalidOptionError} when a run could not be given these */
  readonly check: (parameters: Options, options: Options) => void;
  readonly run: (parameters: Options, options: Options) => Promise<ExecutingRun<F>>;
  readonly resume: (options: Options) => Promise<ExecutingRun<F>>;
  /** Where the runs are kept, once that is there. */
  readonly home: () => Promise<Home | undefined>;
  /** Removes the temporary files of a run that has ended. */
  readonly release: (running: ExecutingRun<F>) => Promise<void>;
}

/** Options of `map`, taken apart. */
export interface MapOptions {
  readonly own: MapOwnOptions & OperationOwnOptions;
  readonly flags: Options;
}

/** A row that is due. */
interface Task<F extends FlowShape> {
  readonly index: number;
  readonly parameters: Options;
  /** Why it cannot be started. */
  readonly error?: Error | undefined;
  /** Of a row of a batch. */
  readonly rowTag?: string | undefined;
  /** The run that a batch has of it so far. */
  readonly run?: Run<F> | undefined;
}

/**
 * Starts one run per row, and gives out each as it ends.
 *
 * @throws {InvalidOptionError} when an option is wrong
 */
export function mapRows<F extends FlowShape>(
  host: MapHost<F>,
  rows: unknown,
  options: MapOptions,
): Sweep<Task<F>, MapResult<F>> {
  checkOptions(host, options);
  return new Sweep<Task<F>, MapResult<F>>({
    prepare: (signal) => prepare(host, { rows, options, signal }),
    release: async ({ running }) => (running === undefined ? undefined : host.release(running)),
    signals: host.signals,
  });
}

function checkOptions<F extends FlowShape>({ isNative, check }: MapHost<F>, { own, flags }: MapOptions): void {
  const { maxConcurrency, batch } = own;
  if (maxConcurrency !== undefined && !(Number.isSafeInteger(maxConcurrency) && maxConcurrency >= 1)) {
    throw invalid('maxConcurrency', 'an integer of 1 or more', maxConcurrency);
  }
  if (flags['runIdFile'] !== undefined) {
    throw new InvalidOptionError(
      { option: 'runIdFile', expected: 'no such option' },
      'map() has no option runIdFile: each of its runs would write its own id there',
      'Take the id from the run of each result.',
    );
  }
  check({}, flags);
  if (batch === undefined) return;
  if (typeof batch !== 'string' || batch.trim() === '') throw invalid('batch', 'a name', batch);
  if (!isNative) {
    throw new InvalidOptionError(
      { option: 'batch', expected: 'a flow script of raceway', received: batch },
      'could not run the rows as a batch: the flow keeps its runs elsewhere, where they cannot be found again',
      'Leave batch out, and note yourself which rows have been run.',
    );
  }
  checkTags([...userTagsOf(flags), `batch:${batch}`, 'row:']);
}

/** Of options that have been checked. */
function userTagsOf(flags: Options): readonly string[] {
  return (flags['tags'] ?? []) as readonly string[];
}

async function prepare<F extends FlowShape>(
  host: MapHost<F>,
  { rows, options, signal }: { rows: unknown; options: MapOptions; signal: AbortSignal },
): Promise<SweepPlan<Task<F>, MapResult<F>>> {
  const { maxConcurrency = availableParallelism(), batch: batchName, timeoutMs, reject = false } = options.own;
  const { isNative } = host;
  const source = sourceOf(rows);
  const concurrency = source.kind === 'list' ? Math.min(maxConcurrency, source.rows.length || 1) : maxConcurrency;
  const runOptions: Options = {
    ...options.flags,
    // A program that is not known may not know this one.
    maxWorkers: options.flags['maxWorkers'] ?? (isNative ? share(concurrency) : undefined),
    timeoutMs,
    reject,
    signal,
  };
  const description = isNative ? await host.describe(signal) : undefined;
  const check = (parameters: unknown, index: number) =>
    checkRow(parameters, { index, host, description, flags: options.flags });
  if (source.kind === 'list') source.rows.forEach(check);

  const batch =
    batchName === undefined || description === undefined
      ? undefined
      : new Batch<F>(batchName, { description, home: host.home });
  return {
    tasks: tasksOf(source, { batch, check, signal }),
    maxConcurrency: concurrency,
    // A list ends some time; rows that may go on for ever wait for whoever takes the results.
    maxWaiting: source.kind === 'list' ? Infinity : concurrency,
    work: (task) => work(task, { host, batch, userTags: userTagsOf(options.flags), runOptions, reject, signal }),
  };
}

/** Every run has as many workers as there are processors for it. */
function share(concurrency: number): number {
  return Math.max(1, Math.floor(availableParallelism() / concurrency));
}

type Source =
  | { readonly kind: 'list'; readonly rows: readonly unknown[] }
  | { readonly kind: 'stream'; readonly rows: AsyncIterable<unknown> };

function sourceOf(rows: unknown): Source {
  if (typeof rows === 'object' && rows !== null) {
    if (Symbol.asyncIterator in rows) return { kind: 'stream', rows: rows as AsyncIterable<unknown> };
    if (Symbol.iterator in rows) return { kind: 'list', rows: [...(rows as Iterable<unknown>)] };
  }
  throw invalid('rows', 'an iterable of rows, each an object with the parameters of a run', rows);
}

/** @throws {InvalidOptionError} which names the row */
function checkRow<F extends FlowShape>(
  parameters: unknown,
  {
    index,
    host,
    description,
    flags,
  }: { index: number; host: MapHost<F>; description: FlowDescription | undefined; flags: Options },
): void {
  const name = `rows[${index}]`;
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) {
    throw invalid(name, 'an object with the parameters of a run', parameters);
  }
  const given = parameters as Options;
  try {
    host.check(given, flags);
    if (description !== undefined) checkParameters(given, { description, environment: host.environment });
  } catch (error) {
    if (!(error instanceof InvalidOptionError)) throw error;
    const { option, expected, received, message } = error;
    throw new InvalidOptionError({ option, expected, received }, `${name}: ${message}`);
  }
}

/** The rows in their order, but for those of a batch that some other process is at: they come last. */
async function* tasksOf<F extends FlowShape>(
  source: Source,
  {
    batch,
    check,
    signal,
  }: { batch: Batch<F> | undefined; check: (parameters: unknown, index: number) => void; signal: AbortSignal },
): AsyncGenerator<Task<F>, void, undefined> {
  const rows = source.kind === 'list' ? source.rows : taken(source.rows, signal);
  const late: Task<F>[] = [];
  let index = 0;
  for await (const row of rows) {
    const place = { index, parameters: row as Options };
    const error = source.kind === 'list' ? undefined : errorOf(() => check(row, place.index));
    index += 1;
    if (batch === undefined || error !== undefined) {
      yield { ...place, error };
      continue;
    }
    const rowTag = batch.rowTag(place.parameters);
    const task = { ...place, rowTag, run: await batch.find(rowTag) };
    if (task.run?.status === 'running') late.push(task);
    else yield task;
  }
  yield* late;
}

function errorOf(check: () => void): InvalidOptionError | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof InvalidOptionError) return error;
    throw error;
  }
}

/** What an iterable gives, as long as the signal is not aborted: whoever makes rows may take for ever to make one. */
async function* taken<T>(rows: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const iterator = rows[Symbol.asyncIterator]();
  let state: 'waiting' | 'given' | 'ended' = 'given';
  try {
    for (;;) {
      const answer = Promise.resolve(iterator.next());
      answer.catch(() => (state = 'ended'));
      state = 'waiting';
      const next = await unlessAborted(answer, signal);
      state = next.done === true ? 'ended' : 'given';
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    if (state === 'given') await iterator.return?.();
    // Nobody knows when one that has not answered yet will, and then nobody is there to hear it.
    if (state === 'waiting') iterator.return?.().catch(() => {});
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function work<F extends FlowShape>(
  { index, parameters, error, rowTag, run: found }: Task<F>,
  {
    host,
    batch,
    userTags,
    runOptions,
    reject,
    signal,
  }: {
    host: MapHost<F>;
    batch: Batch<F> | undefined;
    userTags: readonly string[];
    runOptions: Options;
    reject: boolean;
    signal: AbortSignal;
  },
): Promise<MapResult<F>> {
  const row = { index, parameters };
  let running: ExecutingRun<F>;
  try {
    if (error !== undefined) throw error;
    let run = found;
    if (batch === undefined || rowTag === undefined) {
      running = await host.run(parameters, runOptions);
    } else {
      while (run?.status === 'running') {
        await ended(run, signal);
        run = await batch.find(rowTag);
      }
      if (run?.successful === true) return { kind: 'skipped', ...row, running: undefined, run, error: undefined };
      const options = { ...runOptions, tags: [...userTags, batch.tag, rowTag] };
      running = await (run === undefined
        ? host.run(parameters, options)
        : host.resume({ ...options, originRunId: run.id, parameters }).catch((refusal: unknown) => {
            if (!isOutgrown(refusal, parameters)) throw refusal;
            return host.run(parameters, options); // it never succeeded, so nothing is lost but time
          }));
    }
  } catch (cause) {
    if (reject) throw cause;
    const why = cause instanceof Error ? cause : new Error(String(cause), { cause });
    return { kind: 'not-started', ...row, running: undefined, run: undefined, error: why };
  }
  await running.wait();
  return { kind: 'ended', ...row, running, run: running.run, error: undefined };
}

/** Whether a run cannot be resumed since the flow has changed: its graph, or the type of a parameter that the run kept. */
function isOutgrown(refusal: unknown, parameters: Options): boolean {
  if (refusal instanceof InvalidOptionError) return !Object.hasOwn(parameters, refusal.option);
  return refusal instanceof RacewayError && refusal.code === 'RESUME';
}

/** Waits until a run that another process is at has ended. */
async function ended(run: Run, signal: AbortSignal): Promise<void> {
  const events = run.watch({ signal });
  while ((await events.next()).done !== true);
}
