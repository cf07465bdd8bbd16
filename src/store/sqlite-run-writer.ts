import { formatPathspec } from '../core/pathspec.ts';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import type { RunEvent } from '../core/events.ts';
import type { FinalRunState, TaskReason } from '../core/status.ts';
import { placeStagedFile } from './artifact-files.ts';
import { isUntold, OR_NOTED_ENDING } from './noted-ending.ts';
import { RunClock } from './run-clock.ts';
import type { AttemptResult, ClonedTask, NewBlob, NewRun, NewTask, RunWriter, TimeMs } from './run-store.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { runState } from './sqlite-row.ts';

/** Makes a run and hands out what writes it. */
export function createSqliteRun(
  { database, home }: { database: SqliteDatabase; home: string },
  run: NewRun,
): RunWriter {
  return database.write(() => {
    const clock = new RunClock();
    const now = clock.now();
    if (run.originRunId !== undefined) checkOrigin(database, { flow: run.flow, id: run.originRunId });
    database.run('INSERT OR IGNORE INTO flow (name, created_at) VALUES (?, ?)', run.flow, now);
    for (let id = firstId(database, run.flow); ; id += 1n) {
      const { changes, key } = database.run(
        `INSERT OR IGNORE INTO run (flow, id, kind, status, created_at, user, system_tags, origin_run_id, parameters, command,
           process, heartbeat_at)
         VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?)`,
        run.flow,
        String(id),
        run.kind ?? 'run',
        now,
        run.user,
        JSON.stringify(run.systemTags),
        run.originRunId ?? null,
        run.parameters,
        JSON.stringify(run.command),
        JSON.stringify(run.process),
        now,
      );
      if (changes === 0) continue; // a run of long ago has it, from a time when the clock was ahead
      database.run('INSERT OR REPLACE INTO latest_run (flow, id) VALUES (?, ?)', run.flow, String(id));
      for (const tag of run.userTags) {
        database.run('INSERT OR IGNORE INTO tag (run_key, tag) VALUES (?, ?)', key, tag);
      }
      const writer = new SqliteRunWriter(database, {
        home,
        key,
        flow: run.flow,
        runId: String(id),
        createdAt: now,
        clock,
      });
      writer.begin(run.originRunId);
      return writer;
    }
  });
}

/** From here on it stays, since a run that is running comes from it; it may have been removed since it was looked at. */
function checkOrigin(database: SqliteDatabase, { flow, id }: { flow: string; id: string }): void {
  if (database.get('SELECT 1 FROM run WHERE flow = ? AND id = ?', flow, id) !== undefined) return;
  throw new NotFoundError(`${flow}/${id}`, `there is no run ${flow}/${id}: it was removed`, 'Start from another one.');
}

const CLONED = `
  WITH clone AS MATERIALIZED (SELECT value ->> 0 AS origin_key, value ->> 1 AS clone_key FROM json_each(?)),
  origin AS MATERIALIZED (
    SELECT clone_key, origin_key,
      (SELECT attempt_key FROM attempt WHERE task_key = origin_key ORDER BY number DESC LIMIT 1) AS attempt_key
    FROM clone)`;

/** What copies the latest attempts of tasks with all they left; the parameter says which task becomes which. */
const CLONE_RESULTS = [
  `INSERT INTO attempt (task_key, number, status, reason, started_at, finished_at, pid, exception, transition, reads, log_bytes)
   ${CLONED}
   SELECT clone_key, 0, status, reason, started_at, finished_at, pid, exception, transition, reads, log_bytes
   FROM origin JOIN attempt USING (attempt_key)`,
  `INSERT INTO artifact (attempt_key, name, sha256, size_bytes, type)
   ${CLONED}
   SELECT attempt.attempt_key, name, sha256, size_bytes, type
   FROM origin JOIN artifact USING (attempt_key) JOIN attempt ON attempt.task_key = clone_key`,
  // Cards are those of the latest attempt that has some.
  `INSERT INTO card (attempt_key, id, type, sha256, size_bytes)
   ${CLONED}
   SELECT attempt.attempt_key, id, type, sha256, size_bytes
   FROM clone JOIN card ON card.attempt_key = (
     SELECT attempt_key FROM attempt AS other JOIN card USING (attempt_key)
     WHERE other.task_key = origin_key ORDER BY number DESC LIMIT 1)
   JOIN attempt ON attempt.task_key = clone_key`,
];

/** Of a row of `attempt`. */
export const IS_LATEST_ATTEMPT =
  'number = (SELECT MAX(number) FROM attempt AS other WHERE other.task_key = attempt.task_key)';

/** Whoever looks from another machine takes a run for lost after a minute. */
const BEAT_INTERVAL_MS = 1000;

const IS_OWN = `WHERE run_key = ? AND id = ? AND status = 'running'`;

interface WaitingWrite {
  /** Returns what tells the caller, once it is committed. */
  readonly write: (now: TimeMs) => () => void;
  readonly reject: (error: unknown) => void;
}

class SqliteRunWriter implements RunWriter {
  readonly flow: string;
  readonly runId: string;
  readonly createdAt: TimeMs;
  readonly #database: SqliteDatabase;
  readonly #home: string;
  readonly #clock: RunClock;
  readonly #key: number;
  readonly #stepKeys = new Map<string, number>();
  /** Where each running task is; nobody but this process adds tasks to the run, so that counters may live here. */
  readonly #tasks = new Map<string, { readonly step: string; readonly key: number }>();
  #nextTaskId = 1;
  #nextEvent = 1;
  #waiting: WaitingWrite[] = [];
  #beatAt: TimeMs;

  constructor(
    database: SqliteDatabase,
    run: { home: string; key: number; flow: string; runId: string; createdAt: TimeMs; clock: RunClock },
  ) {
    this.#database = database;
    this.#home = run.home;
    this.#clock = run.clock;
    this.#key = run.key;
    this.flow = run.flow;
    this.runId = run.runId;
    this.createdAt = run.createdAt;
    this.#beatAt = run.createdAt;
  }

  /** Records the first event; part of the transaction that makes the run. */
  begin(originRunId: string | undefined): void {
    this.#record(this.createdAt, { type: 'run-started', pathspec: this.#pathspec(), originRunId });
  }

  async cloneTasks(originRunId: string, tasks: readonly ClonedTask[]): Promise<void> {
    this.#write((now) => {
      const origins = this.#database.all(
        'SELECT task.id, task_key FROM run JOIN task USING (run_key) WHERE run.flow = ? AND run.id = ?',
        this.flow,
        originRunId,
      );
      const originKeys = new Map(origins.map((row) => [String(row['id']), row['task_key']]));
      /** Where each task was and is: key of the origin, key of the clone. */
      const keys: (readonly [unknown, number])[] = [];
      for (const { originTaskId, taskId, ...task } of tasks) {
        const originKey = originKeys.get(originTaskId);
        if (originKey === undefined) throw new Error(`the origin run has no task ${originTaskId}`);
        const { step } = task;
        const originPathspec = formatPathspec({ flow: this.flow, run: originRunId, step, task: originTaskId });
        keys.push([originKey, this.#addTask(now, taskId, { ...task, originPathspec })]);
        this.#record(now, { type: 'task-cloned', pathspec: this.#pathspec(step, taskId), originPathspec });
        this.#nextTaskId = Math.max(this.#nextTaskId, Number(taskId) + 1);
      }
      for (const sql of CLONE_RESULTS) this.#database.run(sql, JSON.stringify(keys));
    });
  }

  async addBlobs(blobs: readonly NewBlob[]): Promise<void> {
    this.#write(() => {
      this.#addBlobs(blobs);
      for (const { sha256 } of blobs) {
        this.#database.run('INSERT OR IGNORE INTO given (run_key, sha256) VALUES (?, ?)', this.#key, sha256);
      }
    });
  }

  startTask(task: NewTask, pid: number): Promise<string> {
    return this.#writeSoon((now) => {
      const taskId = String(this.#nextTaskId);
      const key = this.#addTask(now, taskId, task);
      this.#tasks.set(taskId, { step: task.step, key });
      this.#addAttempt(now, taskId, { attempt: 0, pid, originPathspec: task.originPathspec });
      this.#nextTaskId += 1;
      return taskId;
    });
  }

  startAttempt(taskId: string, attempt: number, pid: number): Promise<void> {
    return this.#writeSoon((now) => this.#addAttempt(now, taskId, { attempt, pid }));
  }

  finishAttempt({ taskId, attempt, state, artifacts, cards = [], blobs, ...result }: AttemptResult): Promise<void> {
    const { key, step } = this.#task(taskId);
    return this.#writeSoon((now) => {
      const row = this.#database.get(
        `UPDATE attempt SET status = ?, reason = ?, finished_at = ?, exception = ?, transition = ?, reads = ?,
           log_bytes = ?, is_retried = ?
         WHERE task_key = ? AND number = ? RETURNING attempt_key`,
        state.status,
        json(state.status === 'successful' ? state.caught : state.reason),
        now,
        json(result.exception),
        json(result.transition),
        json(result.reads),
        json(result.logBytes),
        result.isRetried === true ? 1 : 0,
        key,
        attempt,
      );
      this.#addBlobs(blobs);
      for (const { name, sha256, sizeBytes, type } of artifacts) {
        this.#database.run(
          'INSERT INTO artifact (attempt_key, name, sha256, size_bytes, type) VALUES (?, ?, ?, ?, ?)',
          row?.['attempt_key'] ?? null,
          name,
          sha256,
          sizeBytes,
          type,
        );
      }
      for (const { id, type, sha256, sizeBytes } of cards) {
        this.#database.run(
          'INSERT INTO card (attempt_key, id, type, sha256, size_bytes) VALUES (?, ?, ?, ?, ?)',
          row?.['attempt_key'] ?? null,
          id,
          type,
          sha256,
          sizeBytes,
        );
      }
      const pathspec = this.#pathspec(step, taskId);
      this.#record(
        now,
        state.status === 'successful'
          ? { type: 'task-succeeded', pathspec, attempt, caught: state.caught }
          : { type: 'task-failed', pathspec, attempt, reason: state.reason, isRetried: result.isRetried },
      );
    });
  }

  beat(): Promise<void> {
    return this.#writeSoon(() => undefined);
  }

  async finish(state: FinalRunState, unfinished?: TaskReason): Promise<FinalRunState | undefined> {
    this.#writeWaiting();
    // Once a run is said to have ended, a power cut does not take it back.
    return this.#database.writeThrough(() => {
      const now = this.#clock.now();
      const reason = 'reason' in state ? state.reason : undefined;
      const [ended] = this.#database.all(
        `UPDATE run SET ${OR_NOTED_ENDING}, finished_at = :now, heartbeat_at = :now
         WHERE run_key = :key AND id = :id AND status = 'running'
         RETURNING status, reason`,
        {
          status: state.status,
          reason: reason === undefined ? null : JSON.stringify(reason),
          isUntold: isUntold(reason),
          now,
          key: this.#key,
          id: this.runId,
        },
      );
      if (ended === undefined) return undefined;
      this.#database.run(
        `UPDATE attempt SET status = 'failed', reason = ?, finished_at = ?
         WHERE status = 'running' AND task_key IN (SELECT task_key FROM task WHERE run_key = ?)`,
        JSON.stringify(unfinished ?? { kind: 'stopped' }),
        now,
        this.#key,
      );
      this.#database.run(
        `UPDATE attempt SET is_retried = 0
         WHERE is_retried AND ${IS_LATEST_ATTEMPT} AND task_key IN (SELECT task_key FROM task WHERE run_key = ?)`,
        this.#key,
      );
      const recorded = runState(ended) as FinalRunState;
      this.#record(now, { type: 'run-finished', pathspec: this.#pathspec(), state: recorded });
      return recorded;
    });
  }

  #addBlobs(blobs: readonly NewBlob[]): void {
    for (const { sha256, sizeBytes, bytes, stagedFile } of blobs) {
      if (stagedFile !== undefined) placeStagedFile(this.#home, { sha256, stagedFile });
      // What is there has the same content, or was damaged.
      this.#database.run(
        `INSERT INTO blob (sha256, size_bytes, bytes) VALUES (?, ?, ?)
         ON CONFLICT (sha256) DO UPDATE SET size_bytes = excluded.size_bytes, bytes = excluded.bytes
         WHERE size_bytes <> excluded.size_bytes OR bytes IS NOT excluded.bytes`,
        sha256,
        sizeBytes,
        bytes ?? null,
      );
      this.#database.run('DELETE FROM doomed WHERE sha256 = ?', sha256); // whoever is about to drop it does not
    }
  }

  #addTask(now: TimeMs, taskId: string, task: NewTask): number {
    let stepKey = this.#stepKeys.get(task.step);
    if (stepKey === undefined) {
      stepKey = this.#database.run(
        'INSERT INTO step (run_key, name, created_at, source_sha256) VALUES (?, ?, ?, ?)',
        this.#key,
        task.step,
        now,
        task.sourceSha256,
      ).key;
      this.#stepKeys.set(task.step, stepKey);
    }
    return this.#database.run(
      `INSERT INTO task (run_key, step_key, id, frames, parent_ids, origin_pathspec, created_at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      this.#key,
      stepKey,
      Number(taskId),
      JSON.stringify(task.frames),
      JSON.stringify(task.parentIds),
      task.originPathspec ?? null,
      now,
    ).key;
  }

  #addAttempt(
    now: TimeMs,
    taskId: string,
    { attempt, pid, originPathspec }: { attempt: number; pid: number; originPathspec?: string | undefined },
  ): void {
    const { key, step } = this.#task(taskId);
    this.#database.run(
      `INSERT INTO attempt (task_key, number, status, started_at, pid) VALUES (?, ?, 'running', ?, ?)
       ON CONFLICT (task_key, number) DO UPDATE SET started_at = excluded.started_at, pid = excluded.pid
         WHERE status = 'running'`,
      key,
      attempt,
      now,
      pid,
    );
    this.#record(now, { type: 'task-started', pathspec: this.#pathspec(step, taskId), attempt, pid, originPathspec });
  }

  /** As `#write`, together with whatever else is to be written in this turn of the event loop: a transaction is dear. */
  #writeSoon<T>(work: (now: TimeMs) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#waiting.length === 0) setImmediate(() => this.#writeWaiting());
    this.#waiting.push({
      write: (now) => {
        const result = work(now);
        return () => resolve(result);
      },
      reject,
    });
    return promise;
  }

  #writeWaiting(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    let settle: readonly (() => void)[];
    try {
      settle = this.#write((now) => waiting.map((one) => this.#alone(now, one)));
    } catch (error) {
      settle = waiting.map(
        ({ reject }) =>
          () =>
            reject(error),
      );
    }
    for (const one of settle) one();
  }

  /** What one write does is undone when it fails, and the others stay. */
  #alone(now: TimeMs, { write, reject }: WaitingWrite): () => void {
    this.#database.run('SAVEPOINT one');
    try {
      const settle = write(now);
      this.#database.run('RELEASE one');
      return settle;
    } catch (error) {
      if (!this.#database.isWriting) throw error; // the others are undone too
      this.#database.run('ROLLBACK TO one');
      this.#database.run('RELEASE one');
      return () => reject(error);
    }
  }

  /**
   * Every write also finds out whether the run is still its own, and now and then says that the run process is alive. The
   * key alone does not tell: that of a run that was removed may be another's now. What is written together has one time.
   */
  #write<T>(work: (now: TimeMs) => T): T {
    return this.#database.write(() => {
      const now = this.#clock.now();
      const isDue = now - this.#beatAt >= BEAT_INTERVAL_MS;
      const isOwn = isDue
        ? this.#database.run(`UPDATE run SET heartbeat_at = ? ${IS_OWN}`, now, this.#key, this.runId).changes > 0
        : this.#database.get(`SELECT 1 FROM run ${IS_OWN}`, this.#key, this.runId) !== undefined;
      if (!isOwn) {
        throw new RacewayError(
          'SUPERSEDED',
          `${this.#pathspec()} was recorded as ended, or removed, while its run process was away`,
          'Look at the run that took its place, or resume it.',
        );
      }
      if (isDue) this.#beatAt = now;
      return work(now);
    });
  }

  #record(now: TimeMs, event: RunEvent): void {
    this.#database.run(
      'INSERT INTO event (run_key, sequence, at, event) VALUES (?, ?, ?, ?)',
      this.#key,
      this.#nextEvent,
      now,
      JSON.stringify(event),
    );
    this.#nextEvent += 1;
  }

  #task(taskId: string): { readonly step: string; readonly key: number } {
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw new Error(`this process did not start task ${taskId}`);
    return task;
  }

  #pathspec(step?: string, task?: string): string {
    return formatPathspec({ flow: this.flow, run: this.runId, step, task });
  }
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** The time, or what follows the id of the latest run when the clock was set back since: ids go up, and none comes twice. */
function firstId(database: SqliteDatabase, flow: string): bigint {
  const latest = database.get('SELECT id FROM latest_run WHERE flow = ?', flow)?.['id'];
  const next = typeof latest === 'string' && /^\d+$/.test(latest) ? BigInt(latest) + 1n : 0n;
  const time = microseconds();
  return time > next ? time : next;
}

/** The time in microseconds, which is what Metaflow numbers local runs by. */
function microseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));
}
