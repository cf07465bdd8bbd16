import { lstatSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { logFile } from './home-folder.ts';
import { isCount, isLogBytes, isName, isTaskId } from './record-shapes.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { column, jsonColumn } from './sqlite-row.ts';

/** After so many attempts others have their turn. */
const ATTEMPTS_AT_ONCE = 1000;

/**
 * Files of logs that have less than when their attempt ended, or are not there. Those that a clone shows are looked for where
 * the task was executed, as long as that run is there.
 *
 * @param place.current the database as it is now, valid until it is called again
 */
export async function lostLogs({
  current,
  home,
}: {
  current: () => SqliteDatabase;
  home: string;
}): Promise<readonly string[]> {
  const found = await shortLogs(current(), home);
  if (found.size === 0) return [];
  return [...found.intersection(await shortLogs(current(), home))]; // of the others, the runs were removed meanwhile
}

async function shortLogs(database: SqliteDatabase, home: string): Promise<ReadonlySet<string>> {
  const files = new Set<string>();
  const rows = database.all(
    `SELECT run.flow, run.id AS run_id, CAST(task.id AS TEXT) AS task_id, number, log_bytes
     FROM attempt JOIN task USING (task_key) JOIN run USING (run_key)
     WHERE log_bytes <> '{"stdout":0,"stderr":0}' AND (origin_pathspec IS NULL OR run.kind = 'spin')
     ORDER BY attempt_key`,
  );
  for (const [index, row] of rows.entries()) {
    if (index % ATTEMPTS_AT_ONCE === 0) await setImmediate();
    const attempt = {
      flow: column(row, 'flow', isName),
      runId: column(row, 'run_id', isName),
      taskId: column(row, 'task_id', isTaskId),
      attempt: column(row, 'number', isCount),
    };
    const logBytes = jsonColumn(row, 'log_bytes', isLogBytes);
    for (const stream of ['stdout', 'stderr'] as const) {
      if (logBytes[stream] === 0) continue;
      const file = logFile(home, { ...attempt, stream });
      if ((lstatSync(file, { throwIfNoEntry: false })?.size ?? 0) < logBytes[stream]) files.add(file);
    }
  }
  return files;
}
