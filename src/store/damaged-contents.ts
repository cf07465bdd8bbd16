import { hash } from 'node:crypto';
import { lstatSync, readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { artifactFile } from './home-folder.ts';
import type { DamagedContent } from './run-store.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import { isCount, isSha256, isText } from './record-shapes.ts';
import { column } from './sqlite-row.ts';

const MAX_PLACES = 3;

/**
 * Contents that artifacts and cards have and that are not what was stored; in depth, every byte of them is read.
 *
 * @param place.current the database as it is now, valid until it is called again
 */
export async function* damagedContents(
  { current, home }: { current: () => SqliteDatabase; home: string },
  { deep }: { deep: boolean },
): AsyncGenerator<DamagedContent, void, undefined> {
  let database = current();
  const contents = database.all(
    `SELECT sha256, size_bytes, bytes IS NULL AS is_file FROM blob
     WHERE (bytes IS NULL OR ?) AND sha256 IN (SELECT sha256 FROM artifact UNION ALL SELECT sha256 FROM card)`,
    deep ? 1 : 0,
  );
  for (const row of contents) {
    const sha256 = column(row, 'sha256', isSha256);
    const content = { sha256, sizeBytes: column(row, 'size_bytes', isCount) };
    const what =
      row['is_file'] === 0
        ? problemOfBytes(database.get('SELECT bytes FROM blob WHERE sha256 = ?', sha256)?.['bytes'], content)
        : problemOfFile(artifactFile(home, sha256), { ...content, deep });
    if (what !== undefined) {
      database = current();
      const places = placesOf(database, sha256);
      if (places.length > 0) yield { sha256, what, places }; // else its runs were removed meanwhile
    }
    await setImmediate();
  }
}

interface Content {
  readonly sha256: string;
  readonly sizeBytes: number;
}

function problemOfFile(
  file: string,
  { deep, ...content }: Content & { deep: boolean },
): DamagedContent['what'] | undefined {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return 'is missing';
  if (!stats.isFile() || stats.size !== content.sizeBytes) return 'is damaged';
  if (!deep) return undefined;
  try {
    return problemOfBytes(readFileSync(file), content);
  } catch {
    return 'cannot be read';
  }
}

function problemOfBytes(bytes: unknown, { sha256, sizeBytes }: Content): DamagedContent['what'] | undefined {
  if (!(bytes instanceof Uint8Array)) return 'is missing';
  return bytes.byteLength === sizeBytes && hash('sha256', bytes) === sha256 ? undefined : 'is damaged';
}

/** Whose content it is: those first that a task made, and then those that were cloned. */
function placesOf(database: SqliteDatabase, sha256: string): readonly string[] {
  const rows = database.all(
    `SELECT run.flow || '/' || run.id || '/' || step.name || '/' || task.id || '/' || had.name AS place
     FROM (SELECT attempt_key, name FROM artifact WHERE sha256 = ?1
       UNION ALL SELECT attempt_key, id FROM card WHERE sha256 = ?1) AS had
     JOIN attempt USING (attempt_key) JOIN task USING (task_key) JOIN step USING (step_key)
     JOIN run ON run.run_key = task.run_key
     ORDER BY origin_pathspec IS NOT NULL, task_key LIMIT ?2`,
    sha256,
    MAX_PLACES,
  );
  return rows.map((row) => column(row, 'place', isText));
}
