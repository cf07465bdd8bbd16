import { statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RacewayError } from '../core/errors.ts';
import { formatBytes } from '../core/format-bytes.ts';
import { collectGarbage } from '../store/collect-garbage.ts';
import { damagedContents } from '../store/damaged-contents.ts';
import { DatabaseView } from '../store/database-view.ts';
import { damagedDatabases, databaseFile, type HomeLocation, isOfHome, locateHome } from '../store/home-folder.ts';
import { lostLogs } from '../store/lost-logs.ts';
import { namesIn } from '../store/run-files.ts';
import type { Garbage, RunRecord } from '../store/run-store.ts';
import { ForeignValueError } from '../store/sqlite-row.ts';
import { openSqliteStore, SqliteStore } from '../store/sqlite-store.ts';
import { checkHomeDatabase, foreignValue } from './check-home-database.ts';
import { checkPermissions } from './check-permissions.ts';
import { checkPlace } from './check-place.ts';
import { type Finding, listed } from './finding.ts';
import { lostRuns } from './lost-runs.ts';
import { SEEN_PROCESSES } from './seen-processes.ts';

/** A WAL is written back when it has 4 MB; a larger one was held up by a reader. */
const LARGE_WAL_BYTES = 64_000_000;

/**
 * Checks a home, also one that cannot be opened any more, and says what can be mended. Mend one thing after the other, in
 * the order in which they come: each is looked at when it is its turn. Nothing is changed but by `mend`; what is looked at is a
 * copy of the database, in the folder for temporary files.
 *
 * @param location as for `openHome`
 * @param options.deep also reads every content and every index, to see that it is what was stored. @default false
 * @throws {RacewayError} `HOME` when there is no home
 *
 * @example
 * for await (const { severity, what, mend } of checkHome('.raceway')) {
 *   console.log(severity, what);
 *   if (mend !== undefined) console.log(await mend());
 * }
 */
export async function* checkHome(
  location: string | HomeLocation = {},
  { deep = false }: { readonly deep?: boolean | undefined } = {},
): AsyncGenerator<Finding, void, undefined> {
  const home = locateHome(typeof location === 'string' ? { home: location } : location);
  if (!isHome(home)) {
    throw new RacewayError(
      'HOME',
      `there is no home at ${home}`,
      'Run a flow first, or give another with --home, RACEWAY_HOME or the option home.',
    );
  }
  yield* checkPlace(home);
  yield* checkPermissions(home);
  using view = new DatabaseView(databaseFile(home));
  const damage = checkHomeDatabase(home, { view, deep });
  if (damage !== undefined) yield damage;
  for (const name of damagedDatabases(home)) {
    yield {
      kind: 'put-aside',
      severity: 'note',
      what: `the damaged database ${join(home, name)} was put aside (${sizeOf(join(home, name))})`,
      remedy:
        'delete it, and what begins with its name, when nothing is missing: as long as it is there, gc keeps all logs and contents',
    };
  }
  if (damage !== undefined && checkHomeDatabase(home, { view, deep: false }) !== undefined) return; // it was not mended
  try {
    yield* checkLostRuns(home, view);
    yield* checkContents(home, { view, deep });
    yield* checkLogs(home, view);
    yield* checkLeftovers(home, view);
  } catch (error) {
    if (!(error instanceof ForeignValueError)) throw error;
    yield foreignValue(home, error);
  }
  yield* checkWal(home);
}

/** Whether there is a database, or what is left around one: any other folder is none of raceway's. */
function isHome(folder: string): boolean {
  const names = namesIn(folder);
  const hasDatabase = names.some((name) => name.startsWith(basename(databaseFile(folder))));
  return hasDatabase || (names.length > 0 && names.every((name) => isOfHome(name)));
}

async function* checkLostRuns(home: string, view: DatabaseView): AsyncGenerator<Finding> {
  const found: RunRecord[] = [];
  const store = new SqliteStore(home, view.database());
  for (const { name } of await store.flows()) found.push(...(await Array.fromAsync(lostRuns(store, name))));
  // Their processes may have recorded the end between the copy of the database and the look at them.
  const latest = new SqliteStore(home, view.database());
  const lost: RunRecord[] = [];
  for (const run of found) if ((await latest.run(run.flow, run.id))?.state.status === 'running') lost.push(run);
  if (lost.length === 0) return;
  const names = listed(lost.map(({ flow, id }) => `${flow}/${id}`));
  yield {
    kind: 'lost-runs',
    severity: 'note',
    what: `${names} ${lost.length === 1 ? 'is' : 'are'} recorded as running, and nobody will finish ${lost.length === 1 ? 'it' : 'them'}`,
    remedy: 'record that they failed, lost; they can be resumed as before',
    mend: async () => {
      await using writable = openSqliteStore(home, { access: 'read' });
      for (const { flow, id } of lost) {
        await writable.recordEnd(flow, id, { status: 'failed', reason: { kind: 'lost' } });
      }
      return `recorded ${names} as lost`;
    },
  };
}

/** Contents that a task or a card has and that are not there as they were stored. */
async function* checkContents(
  home: string,
  { view, deep }: { view: DatabaseView; deep: boolean },
): AsyncGenerator<Finding> {
  for await (const { sha256, what, places } of damagedContents({ current: () => view.database(), home }, { deep })) {
    yield {
      kind: 'artifacts',
      severity: 'error',
      what: `the content ${sha256.slice(0, 12)} ${what}: ${places.join(', ')}${places.length > 2 ? ', …' : ''}`,
      remedy: `bring back ${join(home, 'artifacts', sha256.slice(0, 2), sha256.slice(2))} from a copy, or resume a run from the step that made it`,
    };
  }
}

/** Logs that have less than when their task ended; whoever reads one is told so too. */
async function* checkLogs(home: string, view: DatabaseView): AsyncGenerator<Finding> {
  const files = await lostLogs({ current: () => view.database(), home });
  if (files.length === 0) return;
  yield {
    kind: 'logs',
    severity: 'note',
    what: `${files.length === 1 ? 'a log of a task was' : `${files.length} logs of tasks were`} removed or cut off: ${listed(files)}`,
    remedy: 'bring them back from a copy; nothing else is missing, and whoever reads them is told',
  };
}

async function* checkLeftovers(home: string, view: DatabaseView): AsyncGenerator<Finding> {
  const found = await collectGarbage({ current: () => view.database(), home }, { ...SEEN_PROCESSES, dryRun: true });
  const text = leftoversText(found);
  if (text === undefined) return;
  yield {
    kind: 'leftovers',
    severity: 'note',
    what: `nothing refers to ${text}`,
    remedy: 'drop them, as raceway gc does',
    mend: async () => {
      await using writable = openSqliteStore(home, { access: 'read' });
      return `dropped ${leftoversText(await writable.collectGarbage({ ...SEEN_PROCESSES, dryRun: false })) ?? 'nothing'}`;
    },
  };
}

function leftoversText({ contents, logs, detached, cardPages, temporary }: Garbage): string | undefined {
  const sizeBytes = [contents, logs, detached, cardPages, temporary].reduce((sum, each) => sum + each.sizeBytes, 0);
  const parts = [
    [contents.count, 'contents'],
    [logs.count + detached.count, 'logs'],
    [cardPages.count, 'copies of cards'],
    [temporary.count, 'temporary files'],
  ].flatMap(([count, name]) => (count === 0 ? [] : [`${count} ${name}`]));
  return parts.length === 0 ? undefined : `${parts.join(', ')} (${formatBytes(sizeBytes)})`;
}

function* checkWal(home: string): Generator<Finding> {
  const file = `${databaseFile(home)}-wal`;
  const sizeBytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes < LARGE_WAL_BYTES) return;
  yield {
    kind: 'wal',
    severity: 'note',
    what: `${file} has grown to ${formatBytes(sizeBytes)}`,
    remedy: 'end whoever has been reading from the home for long; then raceway gc writes it back',
  };
}

function sizeOf(path: string): string {
  return formatBytes(statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}
