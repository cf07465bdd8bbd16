import { NotFoundError, RacewayError } from '../core/errors.ts';
import { parsePathspec } from '../core/pathspec.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { isCount, isTaskPathspec, isText } from './record-shapes.ts';
import { column } from './sqlite-row.ts';

/** What is left to be removed of a run that is no longer recorded. */
export interface RunRemains {
  readonly runId: string;
  /** Ids of its tasks whose logs a run shows that is still there. */
  readonly shownTasks: ReadonlySet<string>;
}

/**
 * Removes the rows of a run, as part of a transaction. Returns whose files are not needed any more: its own, and those of
 * runs removed earlier that were kept for it.
 *
 * @throws {NotFoundError} when there is none
 * @throws {RacewayError} `RUNNING` when it, or a run that was made from it, is recorded as running
 */
export function removeSqliteRun(
  database: SqliteDatabase,
  { flow, runId }: { flow: string; runId: string },
): readonly RunRemains[] {
  const pathspec = `${flow}/${runId}`;
  const run = database.get('SELECT run_key, kind, status FROM run WHERE flow = ? AND id = ?', flow, runId);
  if (run?.['run_key'] === undefined) throw new NotFoundError(pathspec, `there is no run ${pathspec}`);
  if (run['status'] === 'running') {
    throw new RacewayError('RUNNING', `cannot remove ${pathspec}: it is running`, 'Wait for it, or stop it first.');
  }
  const heir = database.get(
    `SELECT id FROM run WHERE status = 'running' AND flow = ? AND origin_run_id = ?`,
    flow,
    runId,
  );
  if (heir !== undefined) {
    throw new RacewayError(
      'RUNNING',
      `cannot remove ${pathspec}: ${flow}/${column(heir, 'id', isText)}, which is running, was made from it`,
      'Wait for that one, or stop it first.',
    );
  }
  const key = run['run_key'];
  // What was cloned from a clone is from now on a clone of the task that was executed, which is where its log is.
  const clones =
    run['kind'] === 'spin'
      ? []
      : database.all(
          `SELECT task.id, step.name AS step, origin_pathspec FROM task JOIN step USING (step_key)
           WHERE task.run_key = ? AND origin_pathspec IS NOT NULL`,
          key,
        );
  const origins = new Set<string>();
  for (const clone of clones) {
    const origin = column(clone, 'origin_pathspec', isTaskPathspec);
    const own = `${pathspec}/${column(clone, 'step', isText)}/${column(clone, 'id', isCount)}`;
    database.run('UPDATE task SET origin_pathspec = ? WHERE origin_pathspec = ?', origin, own);
    origins.add(parsePathspec(origin, 'task').run);
  }
  database.run('DELETE FROM run WHERE run_key = ?', key);
  database.run('DELETE FROM flow WHERE name = ?1 AND NOT EXISTS (SELECT 1 FROM run WHERE flow = ?1)', flow);
  return [runId, ...origins]
    .filter((id) => database.get('SELECT 1 FROM run WHERE flow = ? AND id = ?', flow, id) === undefined)
    .map((id) => ({ runId: id, shownTasks: tasksShownElsewhere(database, { flow, runId: id }) }));
}

/** Ids of the tasks of a run that other runs have cloned: these show the logs of the tasks that were executed. */
export function tasksShownElsewhere(
  database: SqliteDatabase,
  { flow, runId }: { flow: string; runId: string },
): ReadonlySet<string> {
  const rows = database.all(
    `SELECT origin_pathspec FROM task JOIN run USING (run_key)
     WHERE origin_pathspec > ? AND origin_pathspec < ? AND run.kind <> 'spin'`,
    `${flow}/${runId}/`,
    `${flow}/${runId}0`, // the character after the slash
  );
  return new Set(rows.map((row) => parsePathspec(column(row, 'origin_pathspec', isTaskPathspec), 'task').task));
}
