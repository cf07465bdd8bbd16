import { lstatSync } from 'node:fs';
import { NO_PROCESS } from './column-shapes.ts';
import { artifactFile } from './home-folder.ts';
import { isSha256 } from './record-shapes.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { TableCopy } from './table-copy.ts';

// What of a damaged database could not be read, as far as it stands elsewhere in it or in the home.

/** Runs that were not read, as far as their events tell of them: what they left would be nobody's otherwise. */
export function restoreRuns(target: SqliteDatabase, lost: string[]): void {
  const told = target.all(
    `SELECT run_key, substr(pathspec, 1, instr(pathspec, '/') - 1) AS flow, substr(pathspec, instr(pathspec, '/') + 1) AS id,
       COALESCE(ended ->> '$.state.status', 'failed') AS status,
       IIF(ended IS NULL, '{"kind":"lost"}', ended -> '$.state.reason') AS reason,
       begun_at AS created_at, last_at AS finished_at, '' AS user, '[]' AS system_tags, '[{}]' AS parameters,
       '[]' AS command, '${NO_PROCESS}' AS process, last_at AS heartbeat_at
     FROM (
       SELECT run_key, MAX(IIF(event ->> 'type' = 'run-started', event ->> 'pathspec', NULL)) AS pathspec,
         MAX(IIF(event ->> 'type' = 'run-finished', event, NULL)) AS ended, MIN(at) AS begun_at, MAX(at) AS last_at
       FROM event WHERE run_key NOT IN (SELECT run_key FROM run) GROUP BY run_key)
     WHERE pathspec IS NOT NULL`,
  );
  const copy = new TableCopy(target, { name: 'run' });
  for (const row of told) copy.add(row);
  if (copy.count > 0)
    lost.push(`run: user, parameters, command and tags of ${copy.count} that only their events tell of`);
}

/** How runs and attempts ended of which that was not read, as far as their events tell. */
export function restoreStates(target: SqliteDatabase): void {
  target.run(
    `UPDATE run SET status = event ->> '$.state.status', reason = event -> '$.state.reason'
     FROM event
     WHERE event.run_key = run.run_key AND event ->> 'type' = 'run-finished' AND run.reason ->> 'kind' = 'lost'`,
  );
  target.run(
    `UPDATE attempt SET status = IIF(event ->> 'type' = 'task-failed', 'failed', 'successful'),
       reason = COALESCE(event -> '$.reason', event -> '$.caught')
     FROM task JOIN event USING (run_key)
     WHERE task.task_key = attempt.task_key AND attempt.reason ->> 'kind' = 'lost'
       AND event ->> 'type' IN ('task-failed', 'task-succeeded') AND event ->> 'attempt' = attempt.number
       AND event ->> 'pathspec' LIKE '%/' || task.id`,
  );
}

/** Times that were not read: from the events, else from what the thing belongs to. */
export function restoreTimes(target: SqliteDatabase): void {
  target.run(
    `UPDATE run SET created_at = COALESCE((SELECT MIN(at) FROM event WHERE event.run_key = run.run_key), ?)
     WHERE created_at = 0`,
    Date.now(),
  );
  for (const sql of [
    `UPDATE run SET heartbeat_at = COALESCE((SELECT MAX(at) FROM event WHERE event.run_key = run.run_key), created_at)
     WHERE heartbeat_at = 0`,
    `UPDATE run SET finished_at = IIF(status = 'running', NULL, heartbeat_at) WHERE finished_at = 0`,
    `UPDATE step SET created_at = run.created_at FROM run WHERE run.run_key = step.run_key AND step.created_at = 0`,
    `UPDATE task SET created_at = run.created_at FROM run WHERE run.run_key = task.run_key AND task.created_at = 0`,
    `UPDATE attempt SET started_at = task.created_at FROM task WHERE task.task_key = attempt.task_key AND started_at = 0`,
    `UPDATE attempt SET finished_at = IIF(status = 'running', NULL, started_at) WHERE finished_at = 0`,
  ]) {
    target.run(sql);
  }
}

/** How large contents are that are named in several places, one of which was not read. */
export function restoreSizes(target: SqliteDatabase): void {
  target.run(
    `UPDATE blob SET size_bytes = COALESCE(LENGTH(bytes), (
       SELECT MAX(size_bytes) FROM (SELECT sha256, size_bytes FROM artifact UNION ALL SELECT sha256, size_bytes FROM card) AS named
       WHERE named.sha256 = blob.sha256), 0)
     WHERE size_bytes = 0`,
  );
  for (const table of ['artifact', 'card']) {
    target.run(
      `UPDATE ${table} SET size_bytes = blob.size_bytes FROM blob WHERE blob.sha256 = ${table}.sha256 AND ${table}.size_bytes = 0`,
    );
  }
}

/** Contents that are named and were not read: a file is there all the same, and of others the name at least is kept. */
export function restoreContents(target: SqliteDatabase, { home, lost }: { home: string; lost: string[] }): void {
  const missing = target.all(
    `SELECT sha256, size_bytes FROM (SELECT sha256, size_bytes FROM artifact UNION SELECT sha256, size_bytes FROM card)
     WHERE sha256 NOT IN (SELECT sha256 FROM blob)`,
  );
  let gone = 0;
  for (const { sha256 = null, size_bytes: sizeBytes = null } of missing) {
    target.run('INSERT OR IGNORE INTO blob (sha256, size_bytes) VALUES (?, ?)', sha256, sizeBytes);
    const isThere =
      isSha256(sha256) && lstatSync(artifactFile(home, sha256), { throwIfNoEntry: false })?.size === sizeBytes;
    if (!isThere) gone += 1;
  }
  if (gone > 0) lost.push(`contents: ${gone} of artifacts or cards`);
}
