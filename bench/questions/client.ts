import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { execa } from 'execa';
import { type Flow, openHome } from 'raceway';
import { ownIdentity } from '../../src/process/identity.ts';
import { prepareBlob } from '../../src/store/artifact-files.ts';
import { encodeValue } from '../../src/store/encoding.ts';
import { databaseFile } from '../../src/store/home-folder.ts';
import { openSqliteStore } from '../../src/store/sqlite-store.ts';
import type { Bench } from '../bench.ts';
import { inMs, inTimes } from '../format.ts';
import { inTurn, takeTurns } from '../in-turn.ts';
import { type MetaflowPeer, metaflowPeer } from '../metaflow-peer.ts';
import { makePlace, program, wallMs } from '../place.ts';
import type { Row } from '../report.ts';
import { Sample } from '../sample.ts';

const FLOW = 'Kept';
const TAG = 'rare';

/** How fast are many runs listed and read, compared with bare SQL and with Metaflow's client? */
export async function client(bench: Bench): Promise<void> {
  await using place = await makePlace();
  const { home } = place;
  const count = bench.pick(10_000, 300);
  const read = bench.pick(200, 10);
  await fill(home, count);
  await using opened = await openHome(home);
  using database = new DatabaseSync(databaseFile(home), { readOnly: true });
  const flow = opened.flow(FLOW);
  const rows =
    (sql: string, ...values: readonly (string | number)[]) =>
    () =>
      timed(() => Promise.resolve(database.prepare(sql).all(...values).length));
  const listed = (options: Parameters<Flow['runs']>[0]) => () =>
    timed(async () => {
      let runs = 0;
      for await (const _ of flow.runs(options)) runs += 1;
      return runs;
    });
  const SQL = 'SELECT * FROM run WHERE flow = ? ORDER BY run_key DESC LIMIT ?';
  const turns = bench.pick({ rounds: 15, warmUps: 2 }, { rounds: 1, warmUps: 0 });
  const samples = await inTurn(
    {
      sqlAll: rows(SQL, FLOW, -1),
      all: listed({}),
      sqlNewest: rows(SQL, FLOW, 20),
      newest: listed({ limit: 20 }),
      sqlTagged: rows(
        'SELECT run.* FROM run JOIN tag USING (run_key) WHERE flow = ? AND tag = ? ORDER BY run_key DESC',
        FLOW,
        TAG,
      ),
      tagged: listed({ tags: [TAG] }),
      sqlArtifacts: rows(
        `SELECT bytes FROM (SELECT * FROM run WHERE flow = ? ORDER BY run_key DESC LIMIT ?)
           JOIN task USING (run_key) JOIN attempt USING (task_key) JOIN artifact USING (attempt_key) JOIN blob USING (sha256)
         WHERE artifact.name = 'score'`,
        FLOW,
        read,
      ),
      artifacts: () =>
        timed(async () => {
          let scores = 0;
          for await (const run of flow.runs({ limit: read }))
            if (typeof (await run.data['score']) === 'number') scores += 1;
          return scores;
        }),
    },
    turns,
  );
  bench.report.table(`A home with ${count.toLocaleString('en')} runs, in a process that goes on`, {
    format: inMs,
    turns,
    rows: [
      ...besideSql('all runs', samples.all, samples.sqlAll),
      ...besideSql('the newest 20', samples.newest, samples.sqlNewest),
      ...besideSql('those with a tag, one of a hundred', samples.tagged, samples.sqlTagged),
      ...besideSql(`an artifact of each of the newest ${read}`, samples.artifacts, samples.sqlArtifacts),
    ],
  });
  const peer = metaflowPeer(bench, place);
  if (peer !== undefined) await compareWithMetaflow(bench, { cwd: place.folder, peer, count: bench.pick(200, 2) });
}

function besideSql(what: string, ours: Sample, bare: Sample): readonly Row[] {
  return [
    { what: `SQL: ${what}`, sample: bare },
    { what: `raceway: ${what}`, sample: ours, against: [{ to: 'SQL', sample: ours.timesThat(bare), format: inTimes }] },
  ];
}

/** The same number of runs of raceway and of Metaflow, read by both clients. */
async function compareWithMetaflow(
  { report, pick }: Bench,
  { cwd, peer, count }: { cwd: string; peer: MetaflowPeer; count: number },
): Promise<void> {
  const home = join(cwd, 'as-many');
  await fill(home, count);
  await using opened = await openHome(home);
  const flow = opened.flow(FLOW);
  let left = count;
  const runSome = async (): Promise<void> => {
    while (left-- > 0) await wallMs([peer.python, program('printing.py'), 'run'], { env: peer.env, cwd });
  };
  await Promise.all([runSome(), runSome()]);
  const turns = pick({ rounds: 5, warmUps: 1 }, { rounds: 1, warmUps: 0 });
  const list = (limit?: number) =>
    timed(async () => {
      let runs = 0;
      for await (const run of flow.runs({ limit })) if (run.createdAt.getTime() > 0) runs += 1;
      return runs;
    });
  const took = await takeTurns(
    {
      theirs: async () => {
        const { stdout } = await execa(peer.python, [program('lists_runs.py'), 'Printing'], {
          cwd,
          env: peer.env,
          extendEnv: false,
        });
        const said = JSON.parse(stdout) as Record<'all' | 'newest' | 'artifacts', { seconds: number; count: number }>;
        if (said.all.count !== count) throw new Error(`Metaflow listed ${said.all.count} runs and not ${count}`);
        return {
          all: said.all.seconds * 1000,
          newest: said.newest.seconds * 1000,
          artifacts: said.artifacts.seconds * 1000,
        };
      },
      ours: async () => ({
        all: await list(),
        newest: await list(20),
        artifacts: await timed(async () => {
          let scores = 0;
          for await (const run of flow.runs()) if (typeof (await run.data['score']) === 'number') scores += 1;
          return scores;
        }),
      }),
    },
    turns,
  );
  const row = (what: string, measured: 'all' | 'newest' | 'artifacts'): Row[] => {
    const [ours, theirs] = [took.ours, took.theirs].map((of) => new Sample(of.map((times) => times[measured])));
    if (ours === undefined || theirs === undefined) return [];
    return [
      { what: `Metaflow: ${what}`, sample: theirs },
      {
        what: `raceway: ${what}`,
        sample: ours,
        against: [{ to: 'Metaflow', sample: ours.timesThat(theirs), format: inTimes }],
      },
    ];
  };
  report.table(`${count} runs of each, Metaflow's client in a process of its own without its start`, {
    format: inMs,
    turns,
    rows: [...row('all runs', 'all'), ...row('the newest 20', 'newest'), ...row('an artifact of each', 'artifacts')],
  });
}

/** Makes a home with so many runs of one task with a score; every hundredth has a tag. */
async function fill(home: string, count: number): Promise<void> {
  mkdirSync(home, { recursive: true });
  await using store = openSqliteStore(home, { access: 'write' });
  const score = (runId: string, value: number) => {
    const encoded = encodeValue(value);
    if (encoded.kind === 'refused') throw new Error('a number cannot be stored');
    const blob = prepareBlob({ home, flow: FLOW, runId }, encoded.parts);
    return { artifact: { name: 'score', type: encoded.type, ...blob }, blob };
  };
  for (let index = 0; index < count; index++) {
    const writer = await store.createRun({
      flow: FLOW,
      user: 'bench',
      userTags: index % 100 === 0 ? [TAG, `row:${index}`] : [`row:${index}`],
      systemTags: ['user:bench'],
      parameters: '{}',
      command: ['node', 'kept.ts', 'run'],
      process: ownIdentity(),
    });
    const taskId = await writer.startTask({ step: 'end', sourceSha256: '', parentIds: [], frames: [] }, process.pid);
    const { artifact, blob } = score(writer.runId, index / 7);
    const state = { status: 'successful' } as const;
    await writer.finishAttempt({ taskId, attempt: 0, state, artifacts: [artifact], blobs: [blob] });
    await writer.finish(state);
  }
}

/** Milliseconds that something takes, which has to find something. */
async function timed(work: () => Promise<number>): Promise<number> {
  const startMs = performance.now();
  if ((await work()) === 0) throw new Error('nothing was found');
  return performance.now() - startMs;
}
