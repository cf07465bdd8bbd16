import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from '../../src/store/sqlite-schema.ts';
import { artifactFile, databaseFile, logFile, logTimesFile } from '../../src/store/home-folder.ts';
import { placeStagedFile, prepareBlob } from '../../src/store/artifact-files.ts';
import { encodeValue } from '../../src/store/encoding.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** What no reading of a home may ever show: it stands in files beside the home. */
export const CANARY = 'a-canary-that-nobody-may-see';

/** A home as somebody else could have written it, with everything in it that a home can have; the folder around it has canaries. */
export interface WrittenHome extends Disposable {
  readonly home: string;
  /** Where the canaries are. */
  readonly around: string;
  /** Changes the database, as whoever wrote it can. */
  change(work: (database: DatabaseSync) => void): void;
  /** Makes the database what it was. */
  restore(): void;
  /** Everything beside the home. */
  beside(): readonly string[];
  /** The file of its large artifact. */
  readonly large: string;
  /** The log of its first task. */
  readonly log: string;
}

/**
 * Writes it row by row: a store would refuse what is to be written. The tables are not strict, so that any column may hold
 * anything.
 */
export function writtenHome(): WrittenHome {
  const folder = temporaryFolder();
  const around = folder.path;
  const home = folder.file('deep/down/home');
  mkdirSync(home, { recursive: true });
  for (const name of ['x', 'deep/x', 'deep/down/x']) writeFileSync(folder.file(name), CANARY);
  const file = databaseFile(home);
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  database.exec('PRAGMA journal_mode = WAL');
  for (const migration of MIGRATIONS) database.exec(migration.replaceAll('STRICT, ', '').replaceAll(') STRICT', ')'));
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  const small = stored(home, { rate: 0.5 });
  const large = stored(home, new Float64Array(20_000));
  const card = prepareBlob({ home, flow: 'Sample', runId: '1' }, [Buffer.from('<!doctype html>')]);
  const exception = JSON.stringify({ name: 'Error', message: 'no', stack: '' });
  const frames = JSON.stringify([{ split: '1', slot: 0, count: 1, name: 'work', item: '["a"]' }]);
  const process = JSON.stringify({ host: 'elsewhere', bootId: 'b', pid: 4711, startTime: '1' });
  const insert = (table: string, values: Readonly<Record<string, string | number | Uint8Array | null>>): void => {
    const names = Object.keys(values);
    database
      .prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`)
      .run(...Object.values(values));
  };
  insert('flow', { name: 'TrainFlow', created_at: 1 });
  for (const [key, kind] of [
    [1, 'run'],
    [2, 'spin'],
  ] as const) {
    insert('run', {
      run_key: key,
      flow: 'TrainFlow',
      id: String(key),
      kind,
      status: 'failed',
      reason: JSON.stringify({ kind: 'task', pathspec: 'TrainFlow/1/start/1', message: 'no' }),
      created_at: 1,
      finished_at: 2,
      user: 'eve',
      system_tags: '["user:eve"]',
      origin_run_id: kind === 'spin' ? '1' : null,
      parameters: '[{"rate":1},0.5]',
      command: '["node","train.ts","run"]',
      process,
      heartbeat_at: 2,
    });
    insert('tag', { run_key: key, tag: 'a' });
    insert('event', {
      run_key: key,
      sequence: 1,
      at: 1,
      event: JSON.stringify({ type: 'run-started', pathspec: `TrainFlow/${key}` }),
    });
  }
  for (const [key, run, step, origin] of [
    [1, 1, 'start', null],
    [2, 1, 'end', null],
    [3, 2, 'start', 'TrainFlow/1/start/1'],
  ] as const) {
    insert('step', { step_key: key, run_key: run, name: step, created_at: 1, source_sha256: 'a' });
    insert('task', {
      task_key: key,
      run_key: run,
      step_key: key,
      id: key,
      frames,
      parent_ids: key === 2 ? '["1"]' : '[]',
      origin_pathspec: origin,
      created_at: 1,
    });
    insert('attempt', {
      attempt_key: key,
      task_key: key,
      number: 0,
      status: 'successful',
      reason: null,
      started_at: 1,
      finished_at: 2,
      pid: 4711,
      exception,
      transition: JSON.stringify({ kind: 'foreach', steps: ['work'], items: ['["a"]'] }),
      reads: '{"parameters":["rate"]}',
      is_retried: 0,
      log_bytes: key === 1 ? '{"stdout":15,"stderr":0}' : null,
    });
    insert('artifact', {
      attempt_key: key,
      name: 'model',
      sha256: large.sha256,
      size_bytes: large.sizeBytes,
      type: 'Float64Array',
    });
    insert('artifact', {
      attempt_key: key,
      name: 'small',
      sha256: small.sha256,
      size_bytes: small.sizeBytes,
      type: 'object',
    });
    insert('card', {
      attempt_key: key,
      id: 'default',
      type: 'default',
      sha256: card.sha256,
      size_bytes: card.sizeBytes,
    });
  }
  for (const { sha256, sizeBytes, bytes } of [small, large, card]) {
    insert('blob', { sha256, size_bytes: sizeBytes, bytes: bytes ?? null });
  }
  insert('given', { run_key: 1, sha256: small.sha256 });
  insert('doomed', { sha256: '0'.repeat(64), collection: 1 });
  insert('latest_run', { flow: 'TrainFlow', id: '1' });
  database.close();
  const log = logFile(home, { flow: 'TrainFlow', runId: '1', taskId: '1', attempt: 0, stream: 'stdout' });
  mkdirSync(join(log, '..'), { recursive: true });
  writeFileSync(log, 'a line\nanother\n');
  writeFileSync(logTimesFile(log), '0 1000\n');
  const backup = folder.file('backup');
  copyFileSync(file, backup);
  const rest = readdirSync(around);
  return {
    home,
    around,
    change(work) {
      const opened = new DatabaseSync(file, { enableForeignKeyConstraints: false });
      try {
        opened.exec('PRAGMA synchronous = OFF');
        work(opened);
      } finally {
        opened.close();
      }
    },
    restore() {
      for (const end of ['-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
      copyFileSync(backup, file);
    },
    beside: () =>
      rest.flatMap((name) =>
        name === 'deep'
          ? readdirSync(join(around, 'deep'), { recursive: true, encoding: 'utf8' }).filter(
              (one) => !one.startsWith('down/home/'),
            )
          : [name],
      ),
    large: artifactFile(home, large.sha256),
    log,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

function stored(home: string, value: unknown) {
  const encoded = encodeValue(value);
  if (encoded.kind === 'refused') throw new Error(encoded.what);
  const blob = prepareBlob({ home, flow: 'Sample', runId: '1' }, encoded.parts);
  const { sha256, stagedFile } = blob;
  if (stagedFile !== undefined) placeStagedFile(home, { sha256, stagedFile });
  return blob;
}

/** A pipe with a name: whoever opens it waits for somebody to write to it. */
export function makePipe(file: string): void {
  const { status, stderr } = spawnSync('mkfifo', [file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
