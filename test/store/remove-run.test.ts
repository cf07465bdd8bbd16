import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { prepareBlob } from '../../src/store/artifact-files.ts';
import {
  artifactFile,
  attemptTempFolder,
  cardFile,
  detachedFolder,
  logFile,
  stagedFolder,
} from '../../src/store/home-folder.ts';
import type { RunWriter } from '../../src/store/run-store.ts';
import { openSqliteStore, type SqliteStore } from '../../src/store/sqlite-store.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function endedRun(store: SqliteStore, flow = 'Sample'): Promise<RunWriter> {
  const process = { host: 'here', bootId: 'b', pid: 1, startTime: '1' };
  const facts = { flow, user: 'ada', userTags: [], systemTags: [], parameters: '[{}]', command: [], process };
  const writer = await store.createRun(facts);
  await writer.finish({ status: 'successful' });
  return writer;
}

/** The files of a run, one of each kind. */
function filesOf(home: string, { flow, runId }: Pick<RunWriter, 'flow' | 'runId'>): readonly string[] {
  const task = { flow, runId, taskId: '1', attempt: 0 };
  return [
    logFile(home, { ...task, stream: 'stdout' }),
    join(attemptTempFolder(home, task), 'put-aside'),
    join(detachedFolder(home, flow, runId), 'stdout.log'),
    join(stagedFolder(home, flow, runId), 'content'),
    cardFile(home, { pathspec: `${flow}/${runId}/start/1`, id: 'default' }),
  ];
}

function write(file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
}

test('with a run go its files of every kind, and no other ones', async () => {
  using folder = temporaryFolder();
  await using store = openSqliteStore(folder.path, { access: 'write' });
  const removed = await endedRun(store);
  const kept = await endedRun(store);
  const similar = { flow: `Sample-${removed.runId}`, runId: '1' };
  for (const run of [removed, kept, similar]) for (const file of filesOf(folder.path, run)) write(file);
  await store.removeRun('Sample', removed.runId);
  expect(filesOf(folder.path, removed).filter((file) => existsSync(file))).toStrictEqual([]);
  expect(existsSync(dirname(filesOf(folder.path, removed)[0] ?? ''))).toBe(false);
  for (const run of [kept, similar]) {
    expect(filesOf(folder.path, run).filter((file) => !existsSync(file))).toStrictEqual([]);
  }
});

test.each(['logs', 'tmp', 'cards', 'detached', 'artifacts'])(
  'what a home names %s and is a link leads to nothing being removed elsewhere',
  async (name) => {
    using folder = temporaryFolder();
    const home = folder.file('home');
    await using store = openSqliteStore(home, { access: 'write' });
    const run = await endedRun(store);
    for (const file of filesOf(folder.file('elsewhere'), run)) write(file);
    write(folder.file(`elsewhere/artifacts/ab/${'c'.repeat(62)}`));
    const before = readdirSync(folder.file('elsewhere'), { recursive: true });
    symlinkSync(folder.file(`elsewhere/${name}`), join(home, name));
    await store.collectGarbage({ dryRun: false, isGone: () => true, isHeld: () => false }).catch(() => {}); // it may well refuse
    await store.removeRun('Sample', run.runId).catch(() => {});
    await store.collectGarbage({ dryRun: false, isGone: () => true, isHeld: () => false }).catch(() => {});
    expect(readdirSync(folder.file('elsewhere'), { recursive: true })).toStrictEqual(before);
  },
);

test('large content is not moved to where a link in the home leads', async () => {
  using folder = temporaryFolder();
  const home = folder.file('home');
  await using store = openSqliteStore(home, { access: 'write' });
  const process = { host: 'here', bootId: 'b', pid: 1, startTime: '1' };
  const facts = { flow: 'Sample', user: 'ada', userTags: [], systemTags: [], parameters: '[{}]', command: [], process };
  const writer = await store.createRun(facts);
  const blob = prepareBlob({ home, flow: 'Sample', runId: writer.runId }, [Buffer.alloc(100_000)]);
  mkdirSync(folder.file('elsewhere'));
  symlinkSync(folder.file('elsewhere'), dirname(artifactFile(home, blob.sha256)));
  await expect(writer.addBlobs([blob])).rejects.toMatchObject({ code: 'HOME' });
  expect(readdirSync(folder.file('elsewhere'))).toStrictEqual([]);
});
