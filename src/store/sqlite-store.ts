import { accessSync, constants, existsSync } from 'node:fs';
import { NotFoundError, RacewayError } from '../core/errors.ts';
import type { RecordedEvent } from '../core/events.ts';
import type { RunEnding, RunReason } from '../core/status.ts';
import { checkContent, readArtifactFile } from './artifact-files.ts';
import { collectGarbage } from './collect-garbage.ts';
import { damagedContents } from './damaged-contents.ts';
import { databaseFile, makeHome } from './home-folder.ts';
import { isUntold, OR_NOTED_ENDING } from './noted-ending.ts';
import { removeAll, removeRunFiles, unshownLogs } from './run-files.ts';
import { isText } from './record-shapes.ts';
import { removeSqliteRun } from './remove-sqlite-run.ts';
import type {
  ArtifactRecord,
  AttemptRecord,
  BlobRef,
  CardRecord,
  DamagedContent,
  FlowRecord,
  Garbage,
  GarbageOptions,
  NewRun,
  RunEnd,
  RunQuery,
  RunRecord,
  RunStore,
  RunWriter,
  StepRecord,
  TaskRecord,
} from './run-store.ts';
import { type Row, SqliteDatabase } from './sqlite-database.ts';
import { createSqliteRun, IS_LATEST_ATTEMPT } from './sqlite-run-writer.ts';
import { idColumn, toArtifact, toAttempt, toCard, toEvent, toFlow, toRun, toStep, toTask } from './sqlite-records.ts';
import { column, rowReader } from './sqlite-row.ts';

/**
 * Opens the store of a home.
 *
 * @param access `write` makes what is missing; `read` needs a home that is there
 * @throws {RacewayError} `HOME` when the home cannot be read, made or written to, or was made by a newer version
 */
export function openSqliteStore(home: string, { access }: { access: 'read' | 'write' }): SqliteStore {
  const file = databaseFile(home);
  if (access === 'write') makeHome(home);
  else if (!existsSync(file)) {
    throw new RacewayError(
      'HOME',
      `there is no home at ${home}`,
      'Run a flow first, or give the folder that holds the runs with --home, RACEWAY_HOME or the option home.',
    );
  }
  return new SqliteStore(home, SqliteDatabase.open(file, { readOnly: access === 'read' && !isWritable(file) }));
}

/** The runs of one home in an embedded SQLite database. */
export class SqliteStore implements RunStore {
  readonly #home: string;
  readonly #database: SqliteDatabase;

  constructor(home: string, database: SqliteDatabase) {
    this.#home = home;
    this.#database = database;
  }

  async createRun(run: NewRun): Promise<RunWriter> {
    return createSqliteRun({ database: this.#database, home: this.#home }, run);
  }

  async flows(): Promise<readonly FlowRecord[]> {
    return this.#database.all('SELECT name, created_at FROM flow ORDER BY name').map(this.#as(toFlow));
  }

  async flow(name: string): Promise<FlowRecord | undefined> {
    const row = this.#database.get('SELECT name, created_at FROM flow WHERE name = ?', name);
    return row && this.#as(toFlow)(row);
  }

  async runs(
    flow: string,
    { kind = 'run', tags = [], user, since, statuses, limit, before }: RunQuery,
  ): Promise<readonly RunRecord[]> {
    const rows = this.#database.all(
      `${SELECT_RUN}
       WHERE flow = :flow AND kind = :kind
         AND (:user IS NULL OR user = :user)
         AND (:since IS NULL OR created_at >= :since)
         AND (:statuses IS NULL OR status IN (SELECT value FROM json_each(:statuses)))
         AND (:before IS NULL OR run_key < :before)
         AND NOT EXISTS (
           SELECT 1 FROM json_each(:tags) AS wanted
           WHERE wanted.value NOT IN (SELECT tag FROM tag WHERE tag.run_key = run.run_key)
             AND wanted.value NOT IN (SELECT value FROM json_each(run.system_tags)))
       ORDER BY run_key DESC
       LIMIT :limit`,
      {
        flow,
        kind,
        user: user ?? null,
        since: since ?? null,
        statuses: statuses === undefined ? null : JSON.stringify(statuses),
        before: before ?? null,
        tags: JSON.stringify(tags),
        limit: limit ?? -1,
      },
    );
    return rows.map(this.#as(toRun));
  }

  async run(flow: string, runId: string): Promise<RunRecord | undefined> {
    const row = this.#database.get(`${SELECT_RUN} WHERE flow = ? AND id = ?`, flow, runId);
    return row && this.#as(toRun)(row);
  }

  async steps(flow: string, runId: string): Promise<readonly StepRecord[]> {
    const rows = this.#database.all(
      `SELECT run.flow, run.id AS run_id, step.name, step.created_at, step.source_sha256,
         (SELECT IIF(COUNT(DISTINCT task_key) = COUNT(IIF(is_retried, NULL, attempt.finished_at)),
            MAX(attempt.finished_at), NULL)
          FROM task JOIN attempt USING (task_key)
          WHERE task.step_key = step.step_key) AS finished_at
       FROM step JOIN run USING (run_key)
       WHERE run.flow = ? AND run.id = ?
       ORDER BY step_key`,
      flow,
      runId,
    );
    return rows.map(this.#as(toStep));
  }

  async tasks(flow: string, runId: string, step?: string): Promise<readonly TaskRecord[]> {
    const rows = this.#database.all(
      `${SELECT_TASK} WHERE run.flow = ? AND run.id = ? AND (?3 IS NULL OR step.name = ?3) ORDER BY task.id`,
      flow,
      runId,
      step ?? null,
    );
    return rows.map(this.#as(toTask));
  }

  async task(flow: string, runId: string, taskId: string): Promise<TaskRecord | undefined> {
    const row = this.#database.get(
      `${SELECT_TASK} WHERE run.flow = ? AND run.id = ? AND task.id = ?`,
      flow,
      runId,
      taskNumber(taskId),
    );
    return row && this.#as(toTask)(row);
  }

  async attempts(flow: string, runId: string, taskId: string): Promise<readonly AttemptRecord[]> {
    const rows = this.#database.all(
      `SELECT attempt.* FROM attempt JOIN task USING (task_key) JOIN run USING (run_key)
       WHERE run.flow = ? AND run.id = ? AND task.id = ?
       ORDER BY number`,
      flow,
      runId,
      taskNumber(taskId),
    );
    return rows.map(this.#as(toAttempt));
  }

  async artifacts(flow: string, runId: string, taskId: string): Promise<readonly ArtifactRecord[]> {
    const rows = this.#database.all(
      `SELECT artifact.* FROM artifact
       WHERE attempt_key = (
         SELECT attempt_key FROM attempt JOIN task USING (task_key) JOIN run USING (run_key)
         WHERE run.flow = ? AND run.id = ? AND task.id = ?
         ORDER BY number DESC LIMIT 1)
       ORDER BY name`,
      flow,
      runId,
      taskNumber(taskId),
    );
    return rows.map(this.#as(toArtifact));
  }

  async artifactsByTask(flow: string, runId: string): Promise<ReadonlyMap<string, readonly ArtifactRecord[]>> {
    const rows = this.#database.all(
      `SELECT task.id AS task_id, artifact.*
       FROM run JOIN task USING (run_key) JOIN attempt USING (task_key) JOIN artifact USING (attempt_key)
       WHERE run.flow = ? AND run.id = ? AND ${IS_LATEST_ATTEMPT}
       ORDER BY task.id, artifact.name`,
      flow,
      runId,
    );
    const read = this.#as((row) => [idColumn(row, 'task_id'), toArtifact(row)] as const);
    const byTask = new Map<string, ArtifactRecord[]>();
    for (const row of rows) {
      const [id, artifact] = read(row);
      const artifacts = byTask.get(id);
      if (artifacts === undefined) byTask.set(id, [artifact]);
      else artifacts.push(artifact);
    }
    return byTask;
  }

  async cards(flow: string, runId: string, taskId: string): Promise<readonly CardRecord[]> {
    const rows = this.#database.all(
      `SELECT card.* FROM card
       WHERE attempt_key = (
         SELECT attempt_key FROM card JOIN attempt USING (attempt_key) JOIN task USING (task_key) JOIN run USING (run_key)
         WHERE run.flow = ? AND run.id = ? AND task.id = ?
         ORDER BY number DESC LIMIT 1)
       ORDER BY id`,
      flow,
      runId,
      taskNumber(taskId),
    );
    return rows.map(this.#as(toCard));
  }

  async events(flow: string, runId: string, after: number): Promise<readonly RecordedEvent[]> {
    const rows = this.#database.all(
      `SELECT sequence, at, event FROM event JOIN run USING (run_key)
       WHERE flow = ? AND id = ? AND sequence > ? ORDER BY sequence`,
      flow,
      runId,
      after,
    );
    return rows.map(this.#as(toEvent));
  }

  async readBlob(blob: BlobRef): Promise<Uint8Array> {
    return this.readBlobSync(blob);
  }

  readBlobSync(blob: BlobRef): Uint8Array {
    const row = this.#database.get('SELECT bytes FROM blob WHERE sha256 = ?', blob.sha256);
    const bytes = row?.['bytes'];
    if (!(bytes instanceof Uint8Array)) return readArtifactFile(this.#home, blob);
    checkContent(bytes, blob, databaseFile(this.#home));
    return bytes;
  }

  makerSync(
    flow: string,
    runId: string,
    { name, sha256 }: Pick<ArtifactRecord, 'name' | 'sha256'>,
  ): string | undefined {
    const row = this.#database.get(
      `SELECT step.name FROM run JOIN task USING (run_key) JOIN step USING (step_key) JOIN attempt USING (task_key)
         JOIN artifact USING (attempt_key)
       WHERE run.flow = ? AND run.id = ? AND artifact.name = ? AND sha256 = ?
       ORDER BY task.id LIMIT 1`,
      flow,
      runId,
      name,
      sha256,
    );
    return row && this.#as((one) => column(one, 'name', isText))(row);
  }

  async changeTags(
    flow: string,
    runId: string,
    { add = [], remove = [] }: { add?: readonly string[]; remove?: readonly string[] },
  ): Promise<void> {
    this.#database.write(() => {
      const key = this.#database.get('SELECT run_key FROM run WHERE flow = ? AND id = ?', flow, runId)?.['run_key'];
      if (key === undefined) throw new NotFoundError(`${flow}/${runId}`, `there is no run ${flow}/${runId}`);
      for (const tag of remove) this.#database.run('DELETE FROM tag WHERE run_key = ? AND tag = ?', key, tag);
      for (const tag of add) this.#database.run('INSERT OR IGNORE INTO tag (run_key, tag) VALUES (?, ?)', key, tag);
    });
  }

  async recordEnding(flow: string, runId: string, ending: RunEnding): Promise<void> {
    this.#database.writeSoon(() => {
      this.#database.run(
        `UPDATE run SET reason = ? WHERE flow = ? AND id = ? AND status = 'running' AND reason IS NULL`,
        JSON.stringify({ kind: ending } satisfies RunReason),
        flow,
        runId,
      );
    });
  }

  async recordEnd(flow: string, runId: string, { status, reason, endedAt }: RunEnd): Promise<boolean> {
    const isLost = reason.kind === 'lost';
    const now = Date.now();
    const end = isLost ? 0 : Math.floor(Math.min(endedAt ?? now, now));
    return this.#database.write(() => {
      const { changes } = this.#database.run(
        `UPDATE run SET ${OR_NOTED_ENDING},
           finished_at = COALESCE(finished_at, MAX(heartbeat_at, :end))
         WHERE flow = :flow AND id = :id
           AND (status = 'running' OR (status = 'failed' AND reason ->> 'kind' = 'signal'))`,
        { flow, id: runId, status, reason: JSON.stringify(reason), isUntold: isUntold(reason), end },
      );
      if (changes === 0) return false;
      this.#database.run(
        `UPDATE attempt SET status = 'failed', reason = :reason, finished_at = MAX(attempt.started_at, run.finished_at)
         FROM task JOIN run USING (run_key)
         WHERE attempt.status = 'running' AND task.task_key = attempt.task_key AND run.flow = :flow AND run.id = :id`,
        { flow, id: runId, reason: JSON.stringify({ kind: isLost ? 'lost' : 'stopped' }) },
      );
      this.#database.run(
        `UPDATE attempt SET is_retried = 0
         WHERE is_retried AND ${IS_LATEST_ATTEMPT} AND task_key IN (
           SELECT task_key FROM task JOIN run USING (run_key) WHERE run.flow = :flow AND run.id = :id)`,
        { flow, id: runId },
      );
      return true;
    });
  }

  async removeRun(flow: string, runId: string): Promise<void> {
    const left = this.#database.write(() => removeSqliteRun(this.#database, { flow, runId }));
    for (const { runId: origin, shownTasks } of left) {
      if (origin === runId) removeRunFiles(this.#home, { flow, runId, shownTasks });
      else removeAll(unshownLogs(this.#home, { flow, runId: origin, shownTasks }));
    }
  }

  damagedContents(options: { deep: boolean }): AsyncIterable<DamagedContent> {
    return damagedContents({ current: () => this.#database, home: this.#home }, options);
  }

  async collectGarbage(options: GarbageOptions): Promise<Garbage> {
    return collectGarbage({ current: () => this.#database, home: this.#home }, options);
  }

  async close(): Promise<void> {
    this.#database.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #as<T>(read: (row: Row) => T): (row: Row) => T {
    return rowReader(databaseFile(this.#home), read);
  }
}

const SELECT_RUN = `
  SELECT run.*, (SELECT json_group_array(tag ORDER BY tag) FROM tag WHERE tag.run_key = run.run_key) AS user_tags
  FROM run`;

// What a task is and has is what its latest attempt is and has; it is running when that one is followed by another.
const SELECT_TASK = `
  SELECT run.flow, run.id AS run_id, step.name AS step, task.*, attempt.number AS attempt,
    IIF(attempt.is_retried, 'running', attempt.status) AS status, attempt.reason,
    IIF(attempt.is_retried, NULL, attempt.finished_at) AS finished_at,
    attempt.exception, attempt.transition, attempt.reads, attempt.log_bytes
  FROM task
  JOIN run USING (run_key)
  JOIN step USING (step_key)
  JOIN attempt ON attempt.task_key = task.task_key
    AND attempt.number = (SELECT MAX(number) FROM attempt AS latest WHERE latest.task_key = task.task_key)`;

/** Ids of tasks are written as numbers are, and kept as such; what is none is the id of no task. */
function taskNumber(taskId: string): number {
  return /^[1-9][0-9]{0,14}$/.test(taskId) ? Number(taskId) : -1;
}

function isWritable(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    return true;
  } catch {
    return false; // a home of somebody else: what cannot be written can still be read
  }
}
