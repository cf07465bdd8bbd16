/**
 * The tables, as the steps that lead to them: `MIGRATIONS[n]` turns schema `n` into `n + 1`. A step that was released is
 * never changed again. Times are milliseconds since the epoch; JSON is text.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE flow (
    name TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE run (
    run_key INTEGER PRIMARY KEY,
    flow TEXT NOT NULL REFERENCES flow (name),
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    user TEXT NOT NULL,
    system_tags TEXT NOT NULL,
    origin_run_id TEXT,
    parameters TEXT NOT NULL,
    command TEXT NOT NULL,
    process TEXT NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    UNIQUE (flow, id)
  ) STRICT;
  CREATE INDEX run_by_flow ON run (flow, run_key);

  CREATE TABLE tag (
    run_key INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (run_key, tag)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE step (
    step_key INTEGER PRIMARY KEY,
    run_key INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    source_sha256 TEXT NOT NULL,
    UNIQUE (run_key, name)
  ) STRICT;

  CREATE TABLE task (
    task_key INTEGER PRIMARY KEY,
    run_key INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    step_key INTEGER NOT NULL REFERENCES step ON DELETE CASCADE,
    id INTEGER NOT NULL,
    position INTEGER,
    parent_ids TEXT NOT NULL,
    origin_pathspec TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (run_key, id)
  ) STRICT;
  CREATE INDEX task_by_step ON task (step_key);

  CREATE TABLE attempt (
    attempt_key INTEGER PRIMARY KEY,
    task_key INTEGER NOT NULL REFERENCES task ON DELETE CASCADE,
    number INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    pid INTEGER NOT NULL,
    exception TEXT,
    transition TEXT,
    reads TEXT,
    UNIQUE (task_key, number)
  ) STRICT;

  CREATE TABLE blob (
    sha256 TEXT PRIMARY KEY,
    size_bytes INTEGER NOT NULL,
    bytes BLOB
  ) STRICT;

  CREATE TABLE artifact (
    attempt_key INTEGER NOT NULL REFERENCES attempt ON DELETE CASCADE,
    name TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES blob,
    size_bytes INTEGER NOT NULL,
    type TEXT NOT NULL,
    PRIMARY KEY (attempt_key, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX artifact_by_content ON artifact (sha256);

  CREATE TABLE event (
    run_key INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (run_key, sequence)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE task DROP COLUMN position;
  ALTER TABLE task ADD COLUMN frames TEXT NOT NULL DEFAULT '[]';
  UPDATE attempt SET transition = json_set(transition, '$.kind', 'linear') WHERE transition IS NOT NULL;
  `,
  `
  ALTER TABLE run ADD COLUMN kind TEXT NOT NULL DEFAULT 'run';
  ALTER TABLE attempt ADD COLUMN is_retried INTEGER NOT NULL DEFAULT 0;
  DROP INDEX artifact_by_content; -- no query asks so, and in the order of hashes each new row is another page to write

  CREATE TABLE card (
    attempt_key INTEGER NOT NULL REFERENCES attempt ON DELETE CASCADE,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    sha256 TEXT NOT NULL REFERENCES blob,
    size_bytes INTEGER NOT NULL,
    PRIMARY KEY (attempt_key, id)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE given (
    run_key INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    sha256 TEXT NOT NULL REFERENCES blob,
    PRIMARY KEY (run_key, sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE doomed (
    sha256 TEXT PRIMARY KEY,
    collection INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX task_by_origin ON task (origin_pathspec) WHERE origin_pathspec IS NOT NULL;
  CREATE INDEX run_running ON run (flow) WHERE status = 'running';
  `,
  `
  -- By flow, and not in flow: it stays when the last run of a flow is removed, and the flow with it.
  CREATE TABLE latest_run (
    flow TEXT PRIMARY KEY,
    id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO latest_run SELECT flow, id FROM run WHERE run_key IN (SELECT MAX(run_key) FROM run GROUP BY flow);
  `,
  `
  ALTER TABLE attempt ADD COLUMN log_bytes TEXT; -- nothing where nobody knows: of one that was lost, or ended before
  `,
];

/** The schema this library reads and writes; kept in the database as `user_version`. */
export const SCHEMA_VERSION = MIGRATIONS.length;
